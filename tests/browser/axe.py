"""What axe-core finds on a page: labels, alternative texts, contrast, and more."""

import importlib.resources

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}


def serious_violations(page, selector="body", without=()):
    """Lines that name each serious violation of WCAG 2.1 AA inside the selected parts, and the element that has it.

    `selector` may also be a dictionary of axe's, with what to include and exclude. `without` names rules to leave out.
    """
    source = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    # JupyterLab defines `define`, and axe would register itself there.
    page.evaluate("source => { const module = undefined, define = undefined; (0, eval)(source); }", source)
    rules = RULES | {"rules": {rule: {"enabled": False} for rule in without}}
    found = page.evaluate("([part, rules]) => axe.run(part, rules)", [selector, rules])
    return [
        f"{violation['id']}: {node['html']} ({node['failureSummary'].splitlines()[-1].strip()})"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
