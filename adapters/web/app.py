"""The web application: the page and its files, the door, and the routes behind it. It holds no state of its own."""

from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from adapters.web import hearing, pictures, showing
from adapters.web.orders import Token, read
from adapters.web.shown import command_of
from adapters.web.site import CurrentSite, Site

STATIC = Path(__file__).parent / "static"


def make_app(site: Site) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.state.site = site
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_api_route("/", _page, response_class=FileResponse)
    app.add_api_route("/hello", _hello, methods=["POST"], response_class=JSONResponse)
    app.include_router(hearing.router)
    app.include_router(pictures.router)
    app.include_router(showing.router)
    app.add_exception_handler(HTTPException, _sentence)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(Exception, _broken)
    return app


async def _page() -> FileResponse:
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


async def _hello(request: Request, site: CurrentSite) -> JSONResponse:
    """The commands, and the cookie for whoever has none. 401 where the token is asked for and was not given yet.

    The page asks for this itself: a first request that follows a link from another site carries no cookie, and must
    not be taken for a new person's.
    """
    moderator = site.visitors.on_this_machine(request)
    commands = [command_of(command) for command in site.core.commands if moderator or not command.moderators]
    answer = JSONResponse({"commands": commands})
    if site.visitors.person(request) is not None:
        return answer
    token = (await read(request, Token)).token
    if site.visitors.tried_too_often(request):
        raise HTTPException(429, "Too many wrong tokens. Wait a minute, then try again.")
    if not site.visitors.admit(request, answer, token):
        raise HTTPException(401, "That is not the token. It is the value of WEB_TOKEN where Tessera runs.")
    return answer


async def _sentence(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    return JSONResponse({"error": error.detail}, error.status_code)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    first = error.errors()[0]
    return JSONResponse({"error": f"This request is malformed: {first['loc'][-1]}: {first['msg']}."}, 422)


async def _broken(_: Request, __: Exception) -> JSONResponse:
    """For the person; the server logs the error itself."""
    return JSONResponse({"error": "Something went wrong in Tessera; its log says more. Nothing you did is lost."}, 500)
