"""The lab as a whole, in a real chromium: accessible, walked by tours, shared by links."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from lab_browser import until

pytestmark = pytest.mark.enable_socket

AXE = Path(__file__).parent / "web/node_modules/axe-core/axe.min.js"
ROOMS = ("draw", "train", "step")
SHOWN = {  # what stands in a room when it is ready
    "draw": "[data-look=outputs]",
    "train": "[data-look=progress][data-state=ready]",
    "step": ".step-answer:not(:empty)",
}
NAMELESS = """[...document.querySelectorAll('.room:not([hidden]) button')]
    .some((each) => each.checkVisibility() && !each.textContent && !each.ariaLabel)"""
SEVEN = "import('/drawings.js').then((module) => module.DRAWINGS.sevenWithBar)"


def go(page, server, fragment):
    page.goto(f"{server}#{fragment}")
    room = page.evaluate("new URLSearchParams(location.hash.slice(1)).get('room')") or "draw"
    page.locator(SHOWN[room]).wait_for()
    until(page, f"!{NAMELESS}")  # a room is built before its network is there


def violations(page):
    """What axe finds: WCAG 2 A and AA, and best practices. It is put in beside the page's policy."""
    until(page, "document.getAnimations().length === 0")  # what is only half there has no contrast yet
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("room", ROOMS)
def test_axe_finds_nothing(open_page, lab_server, room, scheme, width):
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm --prefix tests/web ci")
    page = open_page(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
        reduced_motion="reduce",
    )
    drawing = page.goto(lab_server) and page.evaluate(SEVEN)
    go(page, lab_server, f"room={room}&drawing={drawing}")
    assert violations(page) == []
    until(page, f"document.documentElement.scrollWidth <= {width}")  # nothing scrolls sideways


def test_axe_finds_nothing_in_what_opens(open_page, lab_server):
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm --prefix tests/web ci")
    page = open_page(bypass_csp=True)
    go(page, lab_server, "room=draw")
    page.locator("[data-control=tours]").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("[data-control=link]").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".hint").first.click()
    assert violations(page) == []
    go(page, lab_server, "room=draw&tour=ledger")
    page.locator(".tour").wait_for()
    assert violations(page) == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_control_is_reached_by_tab_and_has_a_name(page, lab_server, room):
    go(page, lab_server, f"room={room}")
    wanted = page.evaluate(
        """[...document.querySelectorAll('button, select, input, summary, [tabindex="0"]')]
        .filter((each) => each.checkVisibility() && !each.disabled && each.tabIndex >= 0).length"""
    )
    reached, nameless = set(), []
    for _ in range(wanted + 40):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """(() => {
              const at = document.activeElement;
              if (!at || at === document.body) return null;
              globalThis.numbered ??= new Map();
              if (!numbered.has(at)) numbered.set(at, numbered.size);
              const labels = [...(at.labels ?? [])].map((label) => label.textContent).join('');
              const name = at.ariaLabel || at.textContent.trim() || labels || at.title;
              return [numbered.get(at), name, at.outerHTML.slice(0, 80)];
            })()"""
        )
        if seen is None or (seen[0] in reached and seen[0] == 0):
            break
        reached.add(seen[0])
        if not seen[1]:
            nameless.append(seen[2])
    assert nameless == []
    assert len(reached) >= 0.9 * wanted, f"Tab reaches {len(reached)} of {wanted}"  # groups share a stop


def tours(page):
    return page.evaluate("import('/tours.js').then((module) => module.TOURS)")


def test_each_tour_can_be_walked_to_its_end(page, lab_server):
    go(page, lab_server, "room=draw")
    known = tours(page)
    assert len(known) >= 10
    defaults = page.evaluate("import('/host.js').then((module) => module.DEFAULTS)")
    for name, tour in known.items():
        page.goto(f"{lab_server}#room=draw&tour={name}")
        page.get_by_text(f"{tour['title']}: 1 of").wait_for()
        for number, stop in enumerate(tour["steps"]):
            assert set(stop.get("state", {})) <= set(defaults), name
            assert page.locator(".tour-caption").inner_text() == stop["caption"]
            if "look" in stop:
                outlined = page.locator(".room:not([hidden]) .looked-at")
                outlined.first.wait_for()
                assert outlined.count() == 1, f"{name}, step {number + 1}: {outlined.count()} are outlined"
            further = page.locator("[data-control=tour-next]")
            if "question" in stop:
                assert further.is_disabled()
                answers = page.locator("[data-control=tour-answer]")
                assert answers.count() == len(stop["question"]["answers"])
                right = [answer for answer in stop["question"]["answers"] if answer.get("right")]
                assert len(right) == 1, f"{name}, step {number + 1}"
                for i in range(answers.count()):
                    answers.nth(i).click()
                    assert (
                        page.locator(".tour-why").inner_text().endswith(stop["question"]["answers"][i]["why"])
                    )
            further.click()
        page.locator(".tour").wait_for(state="hidden")


def test_a_tour_draws_what_it_speaks_of(page, lab_server):
    for tour, digit in (("template", 3), ("ledger", 7), ("collapse", 5)):
        go(page, lab_server, f"room=draw&tour={tour}")
        state = tours(page)[tour]["steps"][0]["state"]
        assert len(state["drawing"]) > 40
        if state.get("relu", True):
            page.get_by_text(f"The network reads {digit}").wait_for()


def test_a_teachers_link_says_the_task_and_hides_controls(page, lab_server):
    go(
        page,
        lab_server,
        f"room=train&say={quote('Find a rate that is too large.')}&hide=panel.zoo,panel.loss,hidden",
    )
    assert page.locator(".teacher").inner_text() == "Find a rate that is too large."
    for name in ("[data-look=zoo]", "[data-look=loss]", "[data-control=hidden]"):
        assert not page.locator(name).first.is_visible()
    assert page.locator("[data-control=learning_rate]").first.is_visible()
    assert page.locator("[data-control=loss]").first.is_visible()  # the choice has the chart's name
    page.locator("[data-control=link]").click()
    link = page.locator(".dialog .link")
    assert "say=Find" in link.input_value()
    page.get_by_text("For teachers").click()
    page.get_by_label("Task, shown at the top").fill("Another task")
    assert "say=Another+task" in link.input_value()


def test_a_link_hides_controls_that_a_room_makes_later(page, lab_server):
    go(page, lab_server, "room=train&hide=late")
    page.evaluate(
        """(() => {
          const late = document.createElement('p');
          late.id = 'late';
          late.dataset.control = 'late';
          late.textContent = 'late';
          document.querySelector('.room:not([hidden]) .panel').append(late);
        })()"""
    )
    page.locator("#late").wait_for(state="hidden")
    page.evaluate("location.hash = 'room=train'")
    page.locator("#late").wait_for(state="visible")


def test_the_menu_of_tours_is_walked_by_arrows(page, lab_server):
    go(page, lab_server, "room=draw")
    page.locator("[data-control=tours]").focus()
    page.keyboard.press("Enter")
    at = "[...document.querySelectorAll('.menu-item')].indexOf(document.activeElement)"
    last = page.locator(".menu-item").count() - 1
    until(page, f"{at} === 0")
    for key, there in (("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", last), ("ArrowDown", 0), ("End", last)):
        page.keyboard.press(key)
        assert page.evaluate(at) == there, key
    page.keyboard.press("Escape")
    until(page, "document.activeElement.dataset.control === 'tours'")


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("width", [360, 640])  # 640: a page of 1280 points at 200 %
def test_no_room_scrolls_sideways(open_page, lab_server, room, width):
    page = open_page(viewport={"width": width, "height": 700})
    go(page, lab_server, f"room={room}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_link_shows_what_its_sender_saw(page, open_page, lab_server):
    go(page, lab_server, "room=draw")
    drawing = page.evaluate(SEVEN)
    go(page, lab_server, f"room=draw&drawing={drawing}&digit=1&theme=dark&relu=false")
    page.locator("[data-control=link]").click()
    link = page.locator(".dialog .link").input_value()
    other = open_page()
    other.goto(link)
    other.locator(SHOWN["draw"]).wait_for()
    assert other.evaluate("document.getElementById('lab').dataset.theme") == "dark"
    outputs = [each.locator("[data-look=outputs]") for each in (page, other)]
    for each in outputs:
        each.get_by_text("The network reads").wait_for()  # the page has answered
    assert outputs[0].inner_text() == outputs[1].inner_text()


@pytest.mark.parametrize(
    "fragment",
    ["room=attic", "hidden=-3&seed=x&digit=99", "__proto__=1&constructor=2", "drawing=" + "%F0%9F%98%80" * 2000,
     "tour=none&at=7", "%", "room=step&example=-1", "room=step&example=99999999", "room=draw&drawing=60.ABC",
     "room=train&learning_rate=1e999&mistake=unknown", "&&&=&=", "hide=" + "a," * 5000],
)  # fmt: skip
def test_a_broken_link_breaks_nothing(page, lab_server, fragment):
    page.goto(f"{lab_server}#{fragment}")
    page.locator(".room:not([hidden]) .panel").first.wait_for()
    until(page, "document.querySelectorAll('.tab[aria-selected=true]').length === 1")


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_what_moves_stands_still_for_those_who_ask_for_it(open_page, lab_server, motion):
    page = open_page(reduced_motion=motion)
    go(page, lab_server, "room=step")
    page.evaluate("moved = 0, addEventListener('animationend', () => { moved += 1; })")
    page.locator("[data-control=step-next]").click()
    page.get_by_text("2 of 13").wait_for()
    if motion == "reduce":
        page.wait_for_timeout(1500)  # several times as long as an animation takes
        assert page.evaluate("moved") == 0
    else:
        until(page, "moved > 0")


def test_the_facts_of_the_page(page, lab_server):
    go(page, lab_server, "room=draw")
    facts = page.evaluate("import('/assets.js').then((module) => module.facts())")
    assert facts["train"] == 60_000, json.dumps(facts)
