"""The diagrams of the docs, drawn by Mermaid in headless Chromium as GitHub draws them."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT

MERMAID = "mermaid@11.17.2"
DIGEST = "581ed7d74bd9048d0e3a91363927d72ef22942d7722546b27f7cc29e35390eb8"
LIBRARY = ROOT / "build" / "mermaid" / "mermaid.min.js"
DRAW = """<!doctype html>
<meta charset="utf-8">
<script src="LIBRARY"></script>
<pre id="drawn"></pre>
<script>
const all = async (texts) => {
    mermaid.initialize({startOnLoad: false});
    const drawn = [];
    for (const [number, text] of texts.entries()) {
        try {
            const {svg} = await mermaid.render(`diagram${number}`, text);
            const place = document.body.appendChild(document.createElement("div"));
            place.innerHTML = svg;
            const said = (name) => place.querySelector(`svg > ${name}`)?.textContent;
            const {width, height} = place.firstChild.getBoundingClientRect();
            drawn.push({title: said("title"), description: said("desc"), width, height,
                text: place.textContent});
            place.remove();
        } catch (error) {
            drawn.push({error: String(error)});
        }
    }
    document.getElementById("drawn").textContent = JSON.stringify(drawn);
};
all(TEXTS);
</script>
"""


def library() -> Path:
    """Return Mermaid as one script, from npm the first time; skip where it cannot be had."""
    if not LIBRARY.exists():
        if not shutil.which("npm"):
            pytest.skip("no npm to bring Mermaid")
        LIBRARY.parent.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            ["npm", "pack", "--silent", MERMAID],
            cwd=LIBRARY.parent,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if packed.returncode:
            pytest.skip(f"npm cannot bring {MERMAID}")
        archive = LIBRARY.parent / packed.stdout.split()[-1]
        with tarfile.open(archive) as package:
            script = package.extractfile("package/dist/mermaid.min.js")
            assert script is not None
            LIBRARY.write_bytes(script.read())
        archive.unlink()
    assert hashlib.sha256(LIBRARY.read_bytes()).hexdigest() == DIGEST
    return LIBRARY


def draw(texts: list[str], folder: Path) -> list[dict[str, Any]]:
    """Return what became of each diagram: its title, description, size and text, or an error."""
    page = folder / "diagrams.html"
    written = DRAW.replace("LIBRARY", library().as_uri())
    page.write_text(written.replace("TEXTS", json.dumps(texts).replace("</", "<\\/")))
    shown = subprocess.run(
        [
            *("chromium", "--headless", "--disable-gpu", "--disable-dev-shm-usage"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # it starts no other way as root
            *(f"--user-data-dir={folder / 'chromium'}", "--virtual-time-budget=60000"),
            *("--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    noted = re.search(r'<pre id="drawn">(.+?)</pre>', shown, re.DOTALL)
    assert noted, shown[-500:]
    found: list[dict[str, Any]] = json.loads(html.unescape(noted[1]))
    return found
