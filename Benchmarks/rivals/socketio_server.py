"""python-socketio as its documentation has it, with as much of Quire's `/docs` as signals need: same events, same wire.

    socketio_server.py PORT_FILE

Listens on a free port of this machine and writes the port to the file.
"""

import asyncio
import pathlib
import sys

import socketio
from aiohttp import web

NAMESPACE = "/docs"
server = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*")


@server.event(namespace=NAMESPACE)
async def connect(sid, environ, auth):
    user = {"id": f"anonymous-{sid[:4]}", "name": f"Guest {sid[:4]}"}
    await server.save_session(sid, user, namespace=NAMESPACE)


@server.event(namespace=NAMESPACE)
async def join(sid, options):
    await server.enter_room(sid, options["doc"], namespace=NAMESPACE)
    return {"ok": True, "doc": options["doc"], "session": sid, "rev": 0}


@server.event(namespace=NAMESPACE)
async def signal(sid, document, payload):
    user = await server.get_session(sid, namespace=NAMESPACE)
    sender = {"session": sid, "user": user}
    await server.emit("signal", (document, sender, payload), room=document, skip_sid=sid, namespace=NAMESPACE)
    return {"ok": True}


async def main():
    application = web.Application()
    server.attach(application)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    pathlib.Path(sys.argv[1]).write_text(str(runner.addresses[0][1]))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
