from tests.bridge.conftest import *
from tests.bridge.test_daemon import *
import asyncio, pytest
pytestmark = pytest.mark.parametrize("crm", ["sqlite"], indirect=True)
for n in [n for n in dir() if n.startswith('test_')]: del globals()[n]
async def test_x(crm, stub, opened):
    async with opened() as bridge:
        d = Daemon(bridge, port=0)
        await d.__aenter__()
        t=asyncio.ensure_future(d.__aexit__(None,None,None))
        done,_=await asyncio.wait([t],timeout=12)
        if not done:
            for x in asyncio.all_tasks():
                print(x.get_name()); x.print_stack()
            import os; os._exit(1)
