"""What a report shows in a browser: headless Chromium, driven by Playwright."""

import csv
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.results import threedmol
from sasnet_core.results.colours import scale_to, scale_top
from sasnet_core.results.patches import patch_sentence
from sasnet_core.results.reading import read_result
from sasnet_core.results.report import write_report
from sasnet_core.structure import reading
from tests.core.build import (
    chain_lines,
    random_prediction,
    random_protein,
    residue_lines,
    save_prediction,
    write_pdb,
)

#: A file name that would run a script if it became markup.
HOSTILE = "<img src=x onerror=alert(1)>&amp;"
#: WebGL by the processor.
ARGUMENTS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]


@pytest.fixture(scope="module")
def chromium():
    """Start Debian's Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as session:
        browser = session.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class Seen:
    """A page, and what it said and asked for."""

    def __init__(self, page):
        self.page, self.problems, self.requests = page, [], []
        page.on("console", self.note)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: self.problems.append(dialog.message))
        page.on("request", lambda request: self.requests.append(request.url))

    def note(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(message.text)


@pytest.fixture
def show(chromium):
    """Open a report; at the end nothing must have failed or been asked of the network."""
    opened = []

    def open_report(folder):
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(180_000)  # a busy machine draws the 3D view in minutes
        opened.append((Seen(page), folder / "report.html"))
        page.goto(opened[-1][1].as_uri())
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_report
    for seen, path in opened:
        assert seen.problems == []
        asked = [url for url in seen.requests if not url.startswith(("blob:", "data:"))]
        assert asked == [path.as_uri()]
        seen.page.close()


def reported(entries, chains, folder, threshold=None):
    prediction = random_prediction(*zip(entries, chains, strict=True))
    result = read_result(save_prediction(prediction, folder))
    if threshold is not None:
        result = replace(result, threshold=threshold)
    write_report(result, folder)
    return result


def spread_out(chain, count, at):
    """Write a chain that folds back and forth, as cartoons need."""
    protein = random_protein(ord(chain), count, chain, at=at)
    return [
        line for k, xyz in enumerate(protein.centers) for line in residue_lines(chain, k + 1, xyz)
    ]


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    lines = [
        *spread_out("A", 30, (0, 0, 0)),
        *residue_lines("A", 30, (30, 0, 0), icode="A", residue="TYR"),
        *spread_out("B", 20, (12, 0, 0)),
    ]
    return reading.read(write_pdb(tmp_path_factory.mktemp("pair") / f"{HOSTILE}.pdb", lines))


@pytest.fixture(scope="module")
def pair(entry, tmp_path_factory):
    """A report without the 3D view, which takes seconds to draw."""
    folder = tmp_path_factory.mktemp("flat") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threedmol, "installed_folder", lambda: folder / "none")
        return reported((entry, entry), (["A"], ["B"]), folder, threshold=0.8)


@pytest.fixture(scope="module")
def viewer():
    if not (threedmol.installed_folder() / threedmol.SCRIPT).is_file():
        pytest.skip(f"3Dmol.js is not here; {threedmol.COMMAND} installs it from npm")


@pytest.fixture(scope="module")
def pair_in_3d(entry, viewer, tmp_path_factory):
    return reported((entry, entry), (["A"], ["B"]), tmp_path_factory.mktemp("3d") / "out")


def css(probability, result):
    scale = scale_to(scale_top(side.probability.max() for side in result.sides))
    stops, *channels = zip(*scale, strict=True)
    return [round(255 * np.interp(probability, stops, channel)) for channel in channels]


def background(locator):
    text = locator.evaluate("element => getComputedStyle(element).backgroundColor")
    return [int(part) for part in re.findall(r"\d+", text)[:3]]


def residue(page, side, row):
    return page.locator(f'#sequences [data-side="{side}"][data-row="{row}"]')


def test_names_are_shown_as_they_are(pair, show):
    page = show(pair.folder)
    assert page.locator("h1").inner_text() == f"{HOSTILE}.pdb A and {HOSTILE}.pdb B"
    assert page.title() == f"sasnet: {page.locator('h1').inner_text()}"
    assert page.locator("img").count() == 0
    assert f"{HOSTILE}.pdb" in page.locator("#about").inner_text()


def test_sequences_are_coloured_by_probability_and_mark_likely_residues(pair, show):
    page = show(pair.folder)
    for side in pair.sides:
        letters = page.locator(f'#sequences [data-side="{side.side}"]')
        assert "".join(letters.all_inner_texts()) == side.protein.sequence
        likely = page.locator(f'#sequences .likely[data-side="{side.side}"]')
        expected = np.flatnonzero(side.probability >= pair.threshold)
        rows = likely.evaluate_all("all => all.map(one => Number(one.dataset.row))")
        assert rows == expected.tolist() and 0 < len(rows) < side.protein.n_residues
        for row in (0, 7, side.protein.n_residues - 1):
            colour = background(residue(page, side.side, row))
            np.testing.assert_allclose(colour, css(side.probability[row], pair), atol=1)


def test_patches_lead_and_can_be_chosen_and_copied(pair, show):
    page = show(pair.folder)
    first = pair.patches["left"][0]
    buttons = page.locator("#answer [data-patch]")
    assert buttons.count() == sum(min(len(found), 3) for found in pair.patches.values())
    assert buttons.first.inner_text().startswith(patch_sentence(first, pair.left))
    buttons.first.click()
    assert page.evaluate("[chosen.left, chosen.right]") == [list(first.rows), []]
    numbers = "+".join(pair.left.protein.residue_ids[sorted(first.rows)])
    code = page.locator("#answer code").first.text_content()
    assert code == f'select patch_1_left, (chain "A" and resi {numbers})'
    assert page.locator("#answer code").nth(1).text_content().startswith("select /A:")


def slide(page, value):
    page.locator("#threshold input").fill(f"{value}")


def test_the_threshold_moves_what_is_called_likely(pair, show):
    page = show(pair.folder)
    value = round(float(np.median(pair.left.probability)), 2)
    slide(page, value)
    assert f"likely: probability {value:.2f} or more" in page.locator("#meaning").inner_text()
    touching = pair.values["observed_in_input"]
    for k, side in enumerate(pair.sides):
        likely = np.flatnonzero(side.probability >= value)
        marked = page.locator(f'#sequences .likely[data-side="{side.side}"]')
        rows = marked.evaluate_all("all => all.map(one => Number(one.dataset.row))")
        assert rows == likely.tolist()
        right = len(set(likely.tolist()) & set(touching[side.side]["touching"]))
        words = page.locator("#likely .halves > div").nth(k).inner_text()
        assert f"{len(likely)} of {side.protein.n_residues} residues" in words
        assert f"in the input {right} of {len(likely)}" in words
        command = page.locator("#likely code").nth(2 * k).text_content()
        numbers = "+".join(side.protein.residue_ids[likely])
        chain = side.protein.chain_ids[0]
        assert command == f'select likely_{side.side}, (chain "{chain}" and resi {numbers})'
    page.click("#usual")
    assert page.evaluate("threshold") == 0.8


def test_the_truth_stands_beside_the_prediction(pair, show):
    page, observed = show(pair.folder), pair.values["observed_in_input"]
    assert f"{observed['contacts']} residue pairs touch" in page.locator("#truth p").inner_text()
    for k, side in enumerate(pair.sides):
        found = observed[side.side]
        cells = page.locator("#truth tbody td").all_inner_texts()[k::2]
        assert cells[0].startswith(f"{len(found['touching'])} of {side.protein.n_residues} (")
        assert cells[1] == f"{found['auroc']:.3f}"
        assert cells[2].startswith(f"{found['patches_in_contact'][0]} of ")
        dots = page.locator(f'#sequences .touches[data-side="{side.side}"]')
        assert dots.count() == len(found["touching"])


def test_the_residues_can_be_saved_as_a_table(pair, show, tmp_path):
    page = show(pair.folder)
    with page.expect_download() as download:
        page.click("#csv")
    download.value.save_as(tmp_path / "saved.csv")
    with (tmp_path / "saved.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (pair.folder / "residues.csv").open(newline="") as stream:
        for row, known in zip(rows, csv.DictReader(stream), strict=True):
            for name in ("side", "chain", "number", "insertion_code", "name", "segment", "patch"):
                assert row[name] == known[name]
            assert float(row["probability"]) == pytest.approx(float(known["probability"]))
            assert row["likely"] == str(int(float(row["probability"]) >= 0.8))
    assert sum(row["touches"] == "1" for row in rows if row["side"] == "left") == len(
        pair.values["observed_in_input"]["left"]["touching"]
    )


def test_a_selection_can_be_copied(pair, show):
    page = show(pair.folder)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#answer summary").first.click()
    page.locator("#answer .copied button").first.click()
    code = page.locator("#answer code").first.text_content()
    page.get_by_text("Copied", exact=True).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == code


def test_spread_is_shown_on_request(pair, show):
    page = show(pair.folder)
    row = int(pair.left.spread.argmax())
    before = background(residue(page, "left", row))
    page.check("[value=spread]")
    share = min(1, pair.left.spread[row] / 0.2)
    expected = [255 * (1 - share / 2), 255 * (1 - share), 255 * (1 - share / 2)]
    after = background(residue(page, "left", row))
    np.testing.assert_allclose(after, expected, atol=1)
    assert after != before
    assert "0.2 or more" in page.locator("#controls").inner_text()


def test_the_best_pairs_are_listed_and_can_be_chosen(pair_in_3d, show):
    pair, page = pair_in_3d, show(pair_in_3d.folder)
    cells = page.locator("#best tbody tr")
    assert cells.count() == 50
    scores = [float(cells.nth(k).locator("td").nth(2).inner_text()) for k in range(50)]
    np.testing.assert_allclose(scores, np.sort(pair.scores.ravel())[::-1][:50], atol=6e-4)
    view = page.locator("#view").screenshot()
    cells.nth(3).click()
    i, j = map(int, cells.nth(3).get_attribute("data-pair").split(","))
    assert f"{scores[3]:.3f}" == f"{pair.scores[i, j]:.3f}"
    names = pair.left.label(i), pair.right.label(j)
    assert all(name in page.locator("#residue").inner_text() for name in names)
    chosen = page.locator("#sequences .chosen").evaluate_all("a => a.map(e => e.dataset.row)")
    assert chosen == [str(i), str(j)]
    assert page.evaluate("viewer.view.labels.map(one => one.text)")[-2:] == list(names)
    ends = page.evaluate("[viewer.center(0, chosen.left[0]), viewer.center(1, chosen.right[0])]")
    ends = [[end[axis] for axis in "xyz"] for end in ends]
    distance = np.linalg.norm(pair.left.protein.centers[i] - pair.right.protein.centers[j])
    assert np.linalg.norm(np.subtract(*ends)) == pytest.approx(distance, abs=0.01)
    assert page.evaluate("viewer.view.shapes.length") == 1
    page.wait_for_timeout(800)
    assert page.locator("#view").screenshot() != view
    page.click("#clear")
    page.uncheck("#patches")
    assert page.evaluate("viewer.view.labels.length + viewer.view.shapes.length") == 0


def point(page, row, column):
    """Move to a cell of the map; return what the tip says."""
    size = page.evaluate("cellSize()")
    place = {"x": 64 + size * (column + 0.4), "y": 44 + size * (row + 0.4)}
    page.locator("#map .scroll canvas").hover(position=place)
    return page.locator("#tip").inner_text()


def test_the_map_names_the_pair_under_the_pointer(pair, show):
    page = show(pair.folder)
    for i, j in ((0, 0), (30, 19), (12, 5)):
        names, numbers = point(page, i, j).split("\n")
        assert names == f"{pair.left.label(i)} – {pair.right.label(j)}"
        score, spread = map(float, re.findall(r"\d\.\d\d", numbers))
        assert score == pytest.approx(pair.scores[i, j], abs=0.0075)
        assert spread == pytest.approx(pair.pair_spread[i, j], abs=0.0065)
    assert pair.left.label(30) == "TYR A30A"


def test_a_click_in_the_map_chooses_the_pair(pair, show):
    page = show(pair.folder)
    point(page, 12, 5)
    page.mouse.down()
    page.mouse.up()
    assert page.evaluate("[chosen.left, chosen.right]") == [[12], [5]]


def test_a_residue_lists_its_best_partners(pair, show):
    page = show(pair.folder)
    residue(page, "right", 4).click()
    place = page.locator("#residue")
    probability = f"{pair.right.probability[4]:.2f} ± {pair.right.spread[4]:.2f}"
    assert f"{pair.right.label(4)} (right): probability {probability}" in place.inner_text()
    best = int(pair.scores[:, 4].argmax())
    first = place.locator("button").first
    assert first.inner_text() == f"{pair.left.label(best)} {pair.scores[best, 4]:.2f}"
    first.click()
    assert page.evaluate("[chosen.left, chosen.right]") == [[best], [4]]


def test_the_structures_are_drawn_and_turn_apart(pair_in_3d, show):
    pair, page = pair_in_3d, show(pair_in_3d.folder)
    colours = page.evaluate(
        """() => { viewer.view.render(); const canvas = document.querySelector("#view canvas");
        const copy = document.createElement("canvas"); copy.width = canvas.width;
        copy.height = canvas.height; const pen = copy.getContext("2d"); pen.drawImage(canvas, 0, 0);
        return new Set(pen.getImageData(0, 0, copy.width, copy.height).data).size; }"""
    )
    assert colours > 20
    atoms = page.evaluate("viewer.models.map(one => one.selectedAtoms({}).length)")
    assert atoms == [6 * side.protein.n_residues for side in pair.sides]
    page.check("#apart")
    left, right = page.evaluate(
        "viewer.models.map(one => one.selectedAtoms({atom: 'CA'}).map(atom => atom.x))"
    )
    assert max(left) < min(right)
    page.check("#surface")
    page.wait_for_function("Object.keys(viewer.view.surfaces).length === 2")


def test_partners_of_two_files_stand_apart(tmp_path, show, viewer):
    entry = reading.read(write_pdb(tmp_path / "one.pdb", spread_out("A", 12, (0, 0, 0))))
    other = reading.read(entry.path)
    page = show(reported((entry, other), (["A"], ["A"]), tmp_path / "out").folder)
    assert page.locator("#apart").is_checked() and page.locator("#apart").is_disabled()


def test_without_the_viewer_the_rest_is_shown(tmp_path, show, monkeypatch):
    monkeypatch.setattr(threedmol, "installed_folder", lambda: tmp_path / "none")
    entry = reading.read(write_pdb(tmp_path / "one.pdb", chain_lines("A", 5)))
    other = reading.read(entry.path)
    page = show(reported((entry, other), (["A"], ["A"]), tmp_path / "out").folder)
    assert "no 3D view" in page.locator("#warnings").inner_text()
    assert page.locator("#structure").count() == 0
    page.locator("#best tbody tr").first.click()
    assert page.locator("#sequences .chosen").count() == 2


@pytest.mark.slow
def test_two_thousand_residues_a_side_fit(tmp_path, show):
    entry = reading.read(write_pdb(tmp_path / "a.pdb", spread_out("A", 2000, (0, 0, 0))))
    other = reading.read(entry.path)
    result = reported((entry, other), (["A"], ["A"]), tmp_path / "out")
    assert (result.folder / "report.html").stat().st_size < 6e6
    page = show(result.folder)
    assert "2 × 2 pairs" in page.locator("#map .hint").inner_text()
    names, numbers = point(page, 999, 500).split("\n")
    assert names == "CYS A1999, CYS A2000 – CYS A1001, CYS A1002"
    score = float(re.search(r"score (\d\.\d\d)", numbers)[1])
    assert score == pytest.approx(result.scores[1998:2000, 1000:1002].max(), abs=0.0075)
