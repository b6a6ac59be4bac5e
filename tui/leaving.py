"""Leaving the app: from then on nothing is done any more, and nothing that breaks is its fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.app import App

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.actions import ActionParseResult
    from textual.dom import DOMNode


class Leaving(App[int]):
    """An app that is left at once, whatever was typed ahead."""

    _leaving = False

    def exit(
        self,
        result: int | None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        """Leave. What was typed before that and not yet done is done no more."""
        self._leaving = self._exception is None
        super().exit(result, return_code, message)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key or a click asks for, unless the screens are being taken down already."""
        if self._leaving:
            return False
        return await super().run_action(action, default_namespace, namespaces)

    @property
    def fault(self) -> Exception | None:
        """What the app died of. What breaks while its screens are taken down is not that."""
        return None if self._leaving else self._exception
