"""What a person does with a page, counted: by mouse, or by keyboard alone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page

from tools.tries.manners import Manner

FARTHEST = 150  # keys until a thing must have been reached; more would be no way to work
HAS_FOCUS = "(element) => element === document.activeElement"
# whether one sees where one is: an outline or a shadow that is there
IS_SEEN = """() => {
  const style = getComputedStyle(document.activeElement);
  return (style.outlineStyle !== "none" && style.outlineWidth !== "0px") || style.boxShadow !== "none";
}"""


class Lost(Exception):
    """Something could not be reached or done in this manner; the message says what."""


class Hands:
    """One person at one browser. `count` is what they did since `begin`."""

    def __init__(self, browser: Browser, url: str, manner: Manner, folder: Path) -> None:
        width, height = manner.size
        self.context: BrowserContext = browser.new_context(
            base_url=url,
            color_scheme=manner.look,
            viewport={"width": width, "height": height},
            java_script_enabled=manner.scripts,
        )
        self.page: Page = self.context.new_page()
        self.manner, self.folder = manner, folder
        self.count = 0

    def begin(self) -> None:
        self.count = 0

    def press(self, what: Locator) -> None:
        """A link or a button."""
        self.count += 1
        if self.manner.keyboard:
            self._reach(what)
            self.page.keyboard.press("Enter")
        else:
            what.first.click()

    def write(self, where: Locator, text: str) -> None:
        self.count += 1
        if self.manner.keyboard:
            self._reach(where)
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(text)
        else:
            where.first.fill(text)

    def send(self, button: Locator) -> None:
        """A form, by its button; by keyboard, from within it, as the button's hint says."""
        if not self.manner.keyboard:
            self.press(button)
            return
        self.count += 1
        self.page.keyboard.press("Control+Enter")

    def keep(self, step: str) -> None:
        """A picture of what is seen now."""
        self.page.screenshot(path=self.folder / f"{self.manner.name}-{step}.png")

    def close(self) -> None:
        self.context.close()

    def _reach(self, what: Locator) -> None:
        """By Tab, from wherever the focus is. Raises Lost when it is not reached, or cannot be seen there."""
        what.first.wait_for()
        for _ in range(FARTHEST):
            if what.first.evaluate(HAS_FOCUS):
                break
            self.page.keyboard.press("Tab")
        else:
            raise Lost(f"{what} is not reached by Tab on {self.page.url}")
        if not self.page.evaluate(IS_SEEN):
            raise Lost(f"{what} has the focus on {self.page.url}, and nobody sees it")
