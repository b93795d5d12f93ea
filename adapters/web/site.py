"""What every route needs: the core, the conversations, and who is asking."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from adapters.web.conversation import Conversation
from adapters.web.visitors import Visitors
from bot.chat import Core, Person, Place


@dataclass(frozen=True)
class Site:
    core: Core
    conversation: Conversation
    visitors: Visitors


def site_of(request: Request) -> Site:
    site = request.app.state.site
    assert isinstance(site, Site)  # noqa: S101 - the app is made with it
    return site


CurrentSite = Annotated[Site, Depends(site_of)]


def visitor(request: Request, site: CurrentSite) -> Person:
    """The person whose cookie came with the request; moderator on this machine only. 401 without one."""
    person = site.visitors.person(request)
    if person is None:
        raise HTTPException(401, "Open the page first: it asks for what is needed.")
    return Person("web", person, f"guest {person[:4]}", moderator=site.visitors.on_this_machine(request))


Visitor = Annotated[Person, Depends(visitor)]


def place_of(person: Person) -> Place:
    """Everybody has a channel of their own, which nobody else reads."""
    return Place(server=None, channel=person.id, private=True)
