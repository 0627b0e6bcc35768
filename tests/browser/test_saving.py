"""What a learner types is on the disk soon, whatever happens to the server afterwards."""


def test_what_is_typed_is_saved_without_a_command(run_cell, lab, request):
    page = run_cell("1 + 1").page
    notebook = lab.notebooks / f"cell_{request.path.stem}.ipynb"
    page.locator(".jp-Notebook .cm-content").first.click()
    page.keyboard.type("# my answer ")
    for _ in range(180):
        if "# my answer" in notebook.read_text(encoding="utf-8"):
            return
        page.wait_for_timeout(1000)
    raise AssertionError("JupyterLab has not saved the notebook")
