"""Through the panel in PyMOL's window: choose, run, look, walk, stop. See `driving`."""

import os

from driving import (
    after,
    click,
    click_row,
    click_viewer_centre,
    colours,
    open_panel,
    photograph,
    residues,
    scene_colour,
)
from pymol import cmd


def scenario(facts, demo, command):
    cmd.load(demo, "tox")
    cmd.color("cyan", "all")
    cyan = [cmd.get_color_index("cyan")]
    panel = open_panel()
    form = panel.form
    partners, table, pairs = form.partners, form.residues, form.pairs
    yield after(0.5)
    partners.left.refill()
    facts["choices"] = [partners.left.itemText(i) for i in range(partners.left.count())]
    facts["proposed"] = [partners.left.currentText(), partners.right.currentText()]
    facts["docked"] = not panel.isFloating()
    photograph("1_opened")
    facts["switches"] = [form.save_button.isEnabled(), form.forget_button.isEnabled()]

    partners.left.setEditText("chain D")
    partners.right.setEditText("chain Q")
    form.run_button.click()
    facts["refusal"] = form.message.text()
    partners.right.setEditText("chain E and name CA")
    form.run_button.click()
    facts["atoms"] = form.message.text()
    partners.right.setEditText("chain E")
    partners.left.setEditText("chain D and resi 1-40")
    os.environ["FAKE_MODE"] = "hang"
    form.run_button.click()
    facts["cut"] = form.message.text()
    form.run_button.click()
    yield lambda: form.run_button.text() == "Run"
    os.environ["FAKE_MODE"] = ""
    partners.left.setEditText("chain D")

    os.environ["FAKE_SECONDS"] = "0.5"
    partners.right.setEditText("chain E")
    form.preset.setCurrentIndex(1)
    facts["preset"] = form.preset.currentText()
    form.run_button.click()
    facts["button"] = form.run_button.text()
    yield lambda: "more follow" in form.message.text()
    facts["early"] = {
        "message": form.message.text(),
        "bar": form.bar.text(),
        "painted": len(colours("chain D+E and polymer")),
        "running": panel.run_controls.runner.running(),
    }
    photograph("2_first_rotation")
    early = colours("chain D+E and polymer")
    yield lambda: form.run_button.text() == "Run"
    facts["message"], facts["counts"] = form.message.text(), form.threshold.text.text()
    facts["refined"] = colours("chain D+E and polymer") != early
    facts["others"] = colours("not (chain D+E and polymer)") == cyan
    facts["names"] = cmd.get_names("public")
    facts["rows"] = [table.model().rowCount(), pairs.model().rowCount()]
    cmd.orient("chain D+E")
    yield after(0.5)
    photograph("3_result")

    form.threshold.slider.setValue(form.threshold.slider.maximum())
    yield lambda: "from 1.000" in form.threshold.text.text()
    facts["strict"] = [cmd.count_atoms(f"sasnet_{side}_interface") for side in ("left", "right")]
    form.threshold.slider.setValue(125)
    yield lambda: "from 0.250" in form.threshold.text.text()
    facts["slider"] = [form.threshold.text.text(), len(residues("sasnet_left_interface"))]

    cmd.do("sasnet_select threshold=0.6", echo=0)
    yield lambda: "from 0.600" in form.threshold.text.text()
    left = len(residues("sasnet_left_interface"))
    facts["selected"] = [form.threshold.threshold(), form.threshold.text.text(), left]

    form.tabs.setCurrentWidget(table)
    yield table.isVisible
    view = cmd.get_view()
    facts["best"] = list(table.rows.subject(0))
    click_row(table, 0)
    facts["picked"] = residues("sasnet_picked")
    facts["partners"] = residues("sasnet_partners")
    yield lambda: cmd.get_view() != view
    yield after(1.0)
    photograph("4_residue")
    table.sortByColumn(2, 0)
    facts["sorted"] = table.model().data(table.model().index(0, 2))

    form.tabs.setCurrentWidget(pairs)
    yield pairs.isVisible
    click_row(pairs, 1)
    facts["pair"] = [residues("sasnet_picked"), residues("sasnet_partners")]
    facts["pair_row"] = [pairs.model().data(pairs.model().index(1, c)) for c in (0, 1)]
    form.lines_box.setChecked(True)
    yield after(1.0)
    facts["lines"] = [name for name in cmd.get_names("public") if name.startswith("sasnet_pairs")]
    photograph("5_pair")

    form.tabs.setCurrentWidget(form.map)
    yield form.map.isVisible
    frame = form.map._frame()
    x, y = frame.left() + 0.7 * frame.width(), frame.top() + 0.3 * frame.height()
    facts["ticks"] = [form.map.ticks(side) for side in ("left", "right")]
    facts["map_pair"] = list(form.map.pair_at(x, y))
    click(form.map, x, y)
    facts["map_picked"] = [residues("sasnet_picked"), residues("sasnet_partners")]
    yield after(1.0)
    photograph("6_map")

    cmd.set_wizard()
    cmd.select("sele", "tox and chain G", enable=0)
    cmd.select("mine", "tox and chain H", enable=1)
    form.pick_button.click()
    facts["clicks"] = []
    for place in ("chain E and resi 69", "chain D and resi 12", "chain E and resi 33", "resn HOH"):
        atom = f"first (tox and ({place}) and (name CA or name O and solvent))"
        cmd.show_as("spheres", atom)
        cmd.zoom(atom, 4)
        cmd.clip("slab", 6)
        yield after(0.3)
        prompt = cmd.get_wizard().get_prompt()
        click_viewer_centre()
        yield lambda before=prompt: cmd.get_wizard().get_prompt() != before
        facts["clicks"].append(
            {
                "picked": residues("sasnet_picked"),
                "partners": residues("sasnet_partners"),
                "prompt": cmd.get_wizard().get_prompt()[1:],
                "table": table.rows.subject(table.currentIndex().row()),
                "enabled": cmd.get_names("public_selections", 1),
            }
        )
    facts["selections"] = [residues("mine") == residues("tox and chain H")]
    facts["selections"] += [residues("sele") == residues("tox and chain G")]
    cmd.hide("spheres")
    cmd.show("cartoon")
    cmd.orient("chain D+E")
    yield after(1.0)
    photograph("7_wizard")
    cmd.set_wizard()
    facts["enabled_again"] = cmd.get_names("public_selections", 1)
    cmd.delete("mine sele")
    facts["lights"] = [name for name in cmd.get_names("all") if "sasnet_walk" in name]

    before = colours("chain D+E and polymer")
    form.palette_box.setCurrentText("viridis")
    form.palette_box.activated.emit(2)
    yield lambda: colours("chain D+E and polymer") != before
    yield lambda: not panel.showing.busy()
    form.what_box.setCurrentText("spread")
    form.what_box.activated.emit(1)
    yield lambda: len(colours("chain D+E and polymer")) == 1  # the fake's spread is all the same
    facts["spread_scale"] = form.scale._labels
    yield lambda: not panel.showing.busy()
    yield after(0.5)
    photograph("8_spread")
    facts["legend"] = scene_colour(0.9, 0.89)
    facts["line"] = cmd.get_color_tuple(cmd.get("dash_color", "sasnet_pairs_5"))
    cmd.do("sasnet_color tox_D_E, cividis", echo=0)
    yield lambda: form.palette_box.currentText() == "cividis"
    facts["typed"] = [form.what_box.currentText(), form.scale._labels[-1]]
    form.restore_button.click()
    facts["restored"] = colours("all") == cyan
    facts["cleared"] = cmd.get_names("public")

    os.environ["FAKE_SECONDS"] = "0"
    cmd.create("copy", "tox")
    partners.left.setEditText("copy and chain D")
    partners.right.setEditText("copy and chain F")
    form.run_button.click()
    yield lambda: form.run_button.text() == "Run"
    facts["results_switches"] = [form.save_button.isEnabled(), form.forget_button.isEnabled()]
    facts["results"] = [form.list.item(i).text() for i in range(form.list.count())]
    facts["second"] = colours("tox") == cyan
    form.restore_button.click()
    for row in (0, 1, 0):  # the colours of the last click count, however quick it came
        form.list.setCurrentRow(row)
    yield lambda: len(colours("tox and chain D+E and polymer")) > 1
    yield lambda: not panel.showing.busy()
    facts["last_click"] = colours("copy") == cyan

    os.environ["FAKE_MODE"] = "deaf"
    form.run_button.click()
    yield lambda: "more follow" in form.message.text()
    form.run_button.click()
    facts["stopping"] = form.message.text()
    yield lambda: form.run_button.text() == "Run"
    facts["stopped"] = form.message.text()
    facts["unfinished"] = form.list.item(form.list.count() - 1).text()

    os.environ["FAKE_MODE"] = "hang"
    form.run_button.click()
    yield lambda: "more follow" in form.message.text()
    panel.run_controls.runner._prediction._job._child._process.kill()
    yield lambda: form.run_button.text() == "Run"
    facts["killed"] = form.message.text()
    form.run_button.click()
    yield lambda: "more follow" in form.message.text()
    cmd.delete("copy")
    yield lambda: form.run_button.text() == "Run"
    facts["gone"] = form.message.text()
    facts["deleted"] = [cmd.get_names("public_objects"), form.tabs.isEnabled()]

    panel.diagnose()
    yield lambda: "everything is made up" in panel.doctor.text.toPlainText()
    facts["doctor"] = panel.doctor.text.toPlainText().splitlines()[0]
    photograph("9_doctor")
    panel.doctor.close()

    os.environ["FAKE_MODE"] = ""
    partners.left.setEditText("tox and chain D")
    partners.right.setEditText("")
    facts["alone_preset"] = form.preset.currentText()
    form.run_button.click()
    yield lambda: form.run_button.text() == "Run"
    yield lambda: not panel.showing.busy()
    facts["alone"] = [form.message.text(), form.threshold.text.text()]
    facts["alone_rows"] = [view.model().rowCount() for view in (form.patches, table, pairs)]
    form.tabs.setCurrentWidget(table)
    yield table.isVisible
    click_row(table, 1)
    facts["alone_picked"] = residues("sasnet_picked")
    form.tabs.setCurrentWidget(form.map)
    yield form.map.isVisible
    form.tabs.setCurrentWidget(form.patches)
    cmd.orient("tox and chain D")
    yield after(0.5)
    photograph("10_alone")
    os.environ["FAKE_MODE"] = "hang"

    os.environ["SASNET_PREDICT"] = "/nowhere/sasnet_predict"
    partners.left.setEditText("chain D")
    partners.right.setEditText("chain E")
    form.run_button.click()
    facts["lost"] = form.message.text()
    yield after(0.5)
    photograph("11_lost")
    os.environ["SASNET_PREDICT"] = command
    form.run_button.click()  # PyMOL ends while this one runs
    yield lambda: "rotation 1" in form.bar.text()
