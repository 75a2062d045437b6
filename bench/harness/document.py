"""A report as a list of blocks, written as Markdown and as HTML."""
import dataclasses
import html
import re


@dataclasses.dataclass
class Heading:
    level: int
    text: str


@dataclasses.dataclass
class Text:
    text: str


@dataclasses.dataclass
class Items:
    entries: list


@dataclasses.dataclass
class Table:
    header: list
    rows: list


@dataclasses.dataclass
class Image:
    file: str
    caption: str


def _cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def to_markdown(blocks):
    parts = []
    for block in blocks:
        match block:
            case Heading(level, text):
                parts.append(f"{'#' * level} {text}")
            case Text(text):
                parts.append(text)
            case Items(entries):
                parts.append("\n".join(f"- {entry}" for entry in entries))
            case Table(header, rows):
                lines = [header, ["---"] * len(header), *rows]
                parts.append("\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines))
            case Image(file, caption):
                parts.append(f"![{caption}]({file})")
    return "\n\n".join(parts) + "\n"


STYLE = """body { font: 15px/1.5 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1em 0 }
th, td { border: 1px solid #ccc; padding: .25em .6em; text-align: left }
th { background: #f2f2f2 } tr:nth-child(even) td { background: #fafafa }
img { max-width: 100% } figure { margin: 1em 0 } figcaption { color: #555 } code { background: #f2f2f2 }"""


def inline(text):
    """`code` and **bold** of Markdown; everything else is shown as it is."""
    text = html.escape(str(text))
    text = re.sub(r"`([^`]*)`", r"<code>\1</code>", text)
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)


def _table(header, rows):
    head = "".join(f"<th>{inline(cell)}</th>" for cell in header)
    body = "\n".join("<tr>" + "".join(f"<td>{inline(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _block(block):
    match block:
        case Heading(level, text):
            return f"<h{level}>{inline(text)}</h{level}>"
        case Text(text):
            return f"<p>{inline(text)}</p>"
        case Items(entries):
            return "<ul>\n" + "\n".join(f"<li>{inline(entry)}</li>" for entry in entries) + "\n</ul>"
        case Table(header, rows):
            return _table(header, rows)
        case Image(file, caption):
            return (f'<figure><img src="{html.escape(file)}" alt="{html.escape(caption)}">'
                    f"<figcaption>{inline(caption)}</figcaption></figure>")


def to_html(title, blocks):
    body = "\n".join(_block(block) for block in blocks)
    return (f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
            f"<style>\n{STYLE}\n</style></head>\n<body>\n{body}\n</body>\n</html>\n")
