from harness.document import Heading, Image, Items, Table, Text, to_html, to_markdown

BLOCKS = [Heading(2, "Labs"), Text("of `ip`"), Items(["one", "two"]), Table(["a", "b"], [["1|2", "**no**"]]),
          Image("x.png", "a plot")]


def test_markdown():
    assert to_markdown(BLOCKS) == (
        "## Labs\n\nof `ip`\n\n- one\n- two\n\n| a | b |\n| --- | --- |\n| 1\\|2 | **no** |\n\n![a plot](x.png)\n")


def test_html_keeps_what_is_not_ours_from_becoming_markup():
    text = to_html("t<", [Text("<script>`x`"), *BLOCKS])
    assert "<title>t&lt;</title>" in text
    assert "&lt;script&gt;<code>x</code>" in text
    assert "<td>1|2</td><td><strong>no</strong></td>" in text
    assert '<img src="x.png" alt="a plot">' in text
