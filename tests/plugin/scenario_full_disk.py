"""In PyMOL's window, where the disk is full. See `driving`."""

import os
import tempfile

from driving import after, open_panel, photograph
from pymol import cmd


def scenario(facts, demo):
    cmd.load(demo, "tox")
    panel = open_panel()
    form = panel.form
    yield after(0.5)
    form.partners.left.setEditText("chain D")
    form.partners.right.setEditText("chain E")
    form.run_button.click()
    facts["begun"] = form.run_button.text()
    yield lambda: form.run_button.text() == "Run"
    facts["message"] = form.message.text()
    yield after(0.5)
    photograph("full_disk")
    facts["names"] = cmd.get_names("all")
    facts["folder"] = tempfile.gettempdir()
    facts["left"] = [name for name in os.listdir(facts["folder"]) if "sasnet" in name]
