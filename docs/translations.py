"""Write the catalogues of a language, and build the site in it: python docs/translations.py [LANGUAGE].

The catalogues, .po files, lie in `docs/locales/LANGUAGE`. What a translator has written there stays, and what is new is
added without a translation. Without a LANGUAGE, a pseudo-language shows what would be translated: it marks every text.
"""

import shutil
import sys
from pathlib import Path

from babel.messages.pofile import read_po, write_po
from sphinx.cmd.build import main as sphinx
from sphinx_intl.basic import update

DOCS = Path(__file__).parent
BUILD = DOCS.parent / "build"
# Its words are the course's own, in brackets. Unicode's name for such a language, which no people speaks.
PSEUDO = "qps"


def main(language: str = PSEUDO) -> int:
    """Stage the site's sources, write the catalogues, and build the site into `build/site/LANGUAGE`."""
    from build import stage  # It takes seconds, for torch.

    source = BUILD / "site-source"
    shutil.rmtree(source, ignore_errors=True)
    stage(source)
    locales = BUILD / "locales" if language == PSEUDO else DOCS / "locales"
    return translated(source, locales, BUILD / "site" / language, language)


def translated(source: Path, locales: Path, folder: Path, language: str) -> int:
    """Write the catalogues of what is staged, and build it in the language."""
    templates = source.with_name("templates")
    failed = sphinx(["-q", "-b", "gettext", str(source), str(templates)])
    update(str(locales), str(templates), [language])
    if language == PSEUDO:
        mark(locales / language)
    settings = ["-D", f"language={language}", "-D", f"locale_dirs={locales.resolve()}"]
    return failed or sphinx(["-q", "-b", "html", *settings, str(source), str(folder)])


def mark(catalogues: Path) -> None:
    """Translate every text into the pseudo-language."""
    for path in catalogues.rglob("*.po"):
        with path.open("rb") as file:
            catalogue = read_po(file)
        for message in catalogue:
            if message.id:
                message.string = f"⟦{message.id}⟧"
        with path.open("wb") as file:
            write_po(file, catalogue)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
