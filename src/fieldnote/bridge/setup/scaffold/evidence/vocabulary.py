"""The words that init knows, with how much each says, from 0 to 10. Pure data.

English comes first. German, Spanish, French and Dutch words, and abbreviations of home-made databases, follow.
"""

from __future__ import annotations

from typing import Final


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def _weights(text: str) -> dict[str, float]:
    """`start:10 from:6` as a table."""
    return {word: float(weight) for word, _, weight in (item.partition(":") for item in text.split())}


TABLES: Final[dict[str, dict[str, float]]] = {
    "visits": _weights(
        "appointment:10 appt:10 apptmnt:10 visit:9 meeting:9 booking:8 engagement:8 consultation:8 consult:8 "
        "termin:10 besuch:9 rendezvous:10 rdv:10 cita:10 visita:9 visite:9 afspraak:10 bezoek:9 calendar:6 "
        "kalender:6 agenda:6 event:6 schedule:6 activity:5 activitie:5 inspection:6 slot:5 demo:5 sit:4 "
        "dispatch:4 call:3"
    ),
    "reps": _weights(
        "rep:10 salesrep:10 salesperson:10 salespeople:10 salesman:10 seller:9 advisor:9 adviser:9 closer:9 "
        "technician:8 tech:8 employee:8 emp:8 staff:8 consultant:8 estimator:8 user:7 agent:7 worker:6 "
        "mitarbeiter:9 vertreter:10 verkaeufer:10 berater:9 benutzer:7 aussendienst:9 monteur:6 empleado:8 "
        "usuario:7 vendedor:10 utilisateur:7 commercial:8 vendeur:10 medewerker:9 verkoper:10 gebruiker:7 "
        "member:4 person:2 people:2 personal:5 personnel:6 team:2"
    ),
    "customers": _weights(
        "customer:10 cust:10 client:9 homeowner:10 account:9 household:8 shopper:8 buyer:8 patient:7 company:6 "
        "companie:6 organization:6 org:4 partner:6 contact:5 party:4 prospect:5 lead:3 person:3 "
        "people:3 property:3 kunde:10 kunden:10 knd:9 kd:8 auftraggeber:8 firma:6 firmen:6 kontakt:5 "
        "interessent:6 adresse:3 cliente:10 klant:10 bedrijf:6 societe:5 empresa:6"
    ),
    "deals": _weights(
        "deal:10 opportunity:10 opportunitie:10 opp:10 potential:9 estimate:8 quote:7 quotation:7 proposal:7 "
        "bid:7 sale:7 lead:6 job:6 project:6 contract:5 order:4 angebot:9 auftrag:8 auftraege:8 vorgang:6 "
        "vorgaenge:6 chance:8 chancen:8 projekt:6 verkauf:7 oportunidad:10 oportunidade:10 negocio:9 venta:7 "
        "presupuesto:7 opportunite:10 devis:8 vente:7 affaire:9 offerte:8 kans:8 verkoopkans:10 pipeline:3"
    ),
    "notes": _weights(
        "note:10 comment:8 remark:8 memo:8 notiz:10 notizen:10 bemerkung:9 nota:9 kommentar:8 commentaire:8 "
        "notitie:9 opmerking:8"
    ),
}
"""Words in the name of a table that holds these."""

WANTED: Final[dict[str, dict[str, float]]] = {
    "start": _weights(
        "start:10 starts:10 begin:10 begins:10 beginning:9 scheduled:7 when:8 slot:7 from:6 beginn:10 anfang:10 "
        "von:7 termin:6 inicio:10 debut:10 comienzo:9 aanvang:9 planned:5 planed:5 appointment:5 appt:5 visit:4 "
        "meeting:4 besuch:4 datum:4 fecha:4 date:3 time:3 uhrzeit:3 zeit:3 hora:3 day:2 at:1 on:1 for:1"
    ),
    "end": _weights(
        "end:10 ends:10 ending:9 finish:9 finishes:9 ende:10 bis:8 fin:8 stop:9 until:6 hasta:8 to:5 thru:7 "
        "through:6 einde:9 due:4 final:6"
    ),
    "duration": _weights(
        "duration:10 dauer:10 minutes:8 mins:8 min:5 hours:7 length:6 duree:10 duracion:10 duur:10 laenge:6"
    ),
    "title": _weights(
        "title:10 subject:10 summary:8 name:6 betreff:10 titel:10 titre:10 asunto:10 onderwerp:10 headline:7 "
        "description:4 thema:8 bezeichnung:8 label:5"
    ),
    "kind": _weights("kind:10 type:9 category:7 art:8 typ:9 class:5 tipo:9 soort:9 termintyp:9 purpose:6"),
    "updated": _weights(
        "updated:10 modified:10 modify:9 changed:10 change:8 write:7 update:9 edited:8 upd:8 mod:7 geaendert:10 "
        "aenderung:9 aktualisiert:10 modification:9 actualizado:10 modificado:10 modifie:10 gewijzigd:10 "
        "touched:8 timestamp:5 stamp:5 stempel:5 sync:3 last:2 rowversion:6 lastmod:9"
    ),
    "created": _weights(
        "created:10 create:9 entered:9 added:9 inserted:9 erstellt:10 angelegt:10 erfasst:9 creation:9 creado:10 "
        "cree:9 aangemaakt:10 anlage:8"
    ),
    "cancelled": _weights(
        "cancelled:10 canceled:10 cancel:8 cancellation:8 storniert:10 abgesagt:10 storno:9 deleted:9 delete:7 "
        "geloescht:9 anulado:9 cancelado:9 annule:9 removed:8 archived:7 voided:8 void:7 gone:8 trashed:8 "
        "geannuleerd:9 verwijderd:9 eliminado:9 discarded:8 withdrawn:6"
    ),
    "active": _weights(
        "active:10 enabled:8 aktiv:10 activo:10 actif:10 actief:10 live:7 current:6 gueltig:8 valid:6 visible:4"
    ),
    "name": _weights(
        "name:10 nm:9 display:6 full:6 who:7 company:5 nachname:7 bezeichnung:6 nombre:9 nom:8 naam:9 firma:6 "
        "title:3 caption:4 label:4"
    ),
    "first": _weights("first:10 name:0 vorname:10 given:9 prenom:9 fname:9 voornaam:9 nombre:4"),
    "last": _weights("last:10 name:0 nachname:10 surname:10 family:8 lname:9 achternaam:9 apellido:9 zuname:10"),
    "email": _weights("email:10 mail:10 emailaddress:10 login:3 work:2 internal:3 address:1 correo:10"),
    "phone": _weights(
        "phone:10 tel:9 telefon:9 telefoon:9 telefono:9 telephone:9 mobiel:8 movil:8 mobile:8 cell:8 handy:8 "
        "office:2 work:2 home:1"
    ),
    "amount": _weights(
        "amount:10 value:8 price:8 total:8 sum:6 revenue:7 betrag:10 summe:9 wert:8 umsatz:8 importe:9 monto:9 "
        "montant:10 preis:8 volumen:7 bedrag:10 worth:7 deal:3 contract:3 sale:3 estimated:2 expected:1 netto:5 "
        "brutto:6 grand:3 valor:8 precio:8 prix:8 budget:1 volume:6 angebotssumme:9 auftragswert:9 "
        "auftragsvolumen:9 cents:-1 pence:-1 centimes:-1"
    ),
    "stage": _weights(
        "stage:10 status:8 state:6 disposition:10 phase:9 outcome:8 result:7 stufe:9 estado:8 etapa:9 "
        "etat:7 etape:9 fase:9 statut:8 step:5 pipeline:3 progress:4"
    ),
    "closed": _weights(
        "closed:10 close:9 closing:9 won:8 sold:9 signed:8 abschluss:9 cierre:9 cloture:9 decided:8 lost:4 "
        "gesloten:9 akkoord:8 firmado:8 signe:8 datum:1 fecha:1 date:1 actual:2"
    ),
    "latitude": _weights("latitude:10 lat:10 breitengrad:10 breite:7 breedtegraad:10 latitud:10"),
    "longitude": _weights("longitude:10 lon:10 lng:10 long:9 laengengrad:10 laenge:7 lengtegraad:10 longitud:10"),
    "street": _weights("street:10 strasse:10 address:5 addr:6 line:3 calle:10 rue:9 straat:10 anschrift:8"),
    "city": _weights("city:10 ort:9 stadt:10 town:9 ciudad:10 ville:10 stad:9 plaats:9 wohnort:9"),
    "state": _weights("state:10 st:7 province:9 bundesland:10 region:5 provincia:9"),
    "zip": _weights("zip:10 postal:9 postalcode:10 postcode:10 plz:10 code:1 postleitzahl:10 cp:7"),
    "country": _weights("country:10 land:8 pais:10 pays:9 staat:5"),
}
"""Words in the name of a column with this meaning."""

AGAINST: Final[dict[str, frozenset[str]]] = {
    "start": word_set(
        "abgesagt actual added aenderung aktualisiert angelegt approved arrived birth bis cancel canceled "
        "cancelled change changed check checkin checkout close closed complete completed confirmed create "
        "created deleted done due duration edited end ende ending ends entered erfasst erstellt exported fin "
        "finish geaendert geloescht hasta imported inserted last lastsync left login modified modify "
        "neuanlage paid remind reminder removed repeat seen send sent signed stop storniert sync synced "
        "syncronized timezone tz until update updated write zone"
    ),
    "end": word_set(
        "abgesagt added aenderung aktualisiert angelegt begin beginn birth cancel canceled cancelled change "
        "changed create created deleted edited entered erfasst erstellt exported from geaendert geloescht "
        "imported inserted lastsync login modified modify neuanlage recurrence remind reminder removed repeat "
        "seen send sent series start starts storniert sync synced syncronized update updated von write"
    ),
    "duration": word_set("after before buffer drive limit max name remind reminder text travel vorlauf"),
    "title": word_set("account contact created customer file first host join last owner rep type url user"),
    "kind": word_set(
        "account customer entity linked location object parent record recurrence regarding related repeat sync target"
    ),
    "updated": word_set(
        "activity by contacted create created email entered gsync login note password pwd seen sent stage "
        "status user viewed"
    ),
    "created": word_set("by changed modified updated user"),
    "cancelled": word_set("by note reason text user"),
    "active": word_set("at by date in inactive user"),
    "name": word_set(
        "account file first last legal login maiden middle nick parent photo salutation second short type user vorname"
    ),
    "first": word_set("at contact date"),
    "last": word_set("activity at changed contact date login modified seen stage updated"),
    "email": word_set("auth bounce cc factor from opt other personal private recovery reply secondary"),
    "phone": word_set("alternate assistant messenger other yahoo"),
    "amount": word_set(
        "adjustment balance base commission cost count deposit discount down due fee forecast id lat "
        "latitude lng lon longitude margin monthly mwst paid percent probability prorated provision qty "
        "quantity rabatt rate recurring shipping subtotal tax tip usdollar vat weight weighted"
    ),
    "stage": word_set(
        "address billing country customer email forecast invoice last lead marketing next old payment "
        "previous shipping synced text"
    ),
    "closed": word_set("by created estimated modified reason user"),
    "latitude": word_set("status"),
    "longitude": word_set("status"),
    "street": word_set("address2 city country email geocode id ip mail map maps state status two type web zip"),
    "city": word_set("id"),
    "state": word_set("code id workflow"),
    "zip": word_set("country id"),
    "country": word_set("id"),
}
"""Words that speak against the meaning."""
