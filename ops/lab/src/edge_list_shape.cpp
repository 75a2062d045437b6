#include "edge_list_shape.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "number.hpp"
#include "text_lines.hpp"

namespace netherd::lab {

namespace {

constexpr std::string_view blanks = " \t";
/// By so many lines of content a list is judged.
constexpr std::size_t sample_lines = 10'000;
/// Seconds since 1970; larger than any weight, and in 1973.
constexpr double first_time = 100'000'000;

std::string_view trim_blanks(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(blanks)));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

std::optional<double> number_in(std::string_view text) noexcept {
  double number = 0;
  return parse_number(text, number) ? std::optional{number} : std::nullopt;
}

bool is_time(std::string_view text) noexcept { return number_in(text).value_or(0) >= first_time; }

/// Position of the separator behind the first field, which may be in quotes.
std::size_t end_of_field(std::string_view line, char separator) noexcept {
  std::size_t at = line.find_first_not_of(' ');
  if (at == std::string_view::npos || line[at] != '"') return line.find(separator);
  for (++at; at < line.size(); ++at) {
    if (line[at] != '"') continue;
    if (!line.substr(at + 1).starts_with('"')) break;
    ++at;  // two quotes within quotes stand for one
  }
  return line.find(separator, at);
}

std::string_view without_quotes(std::string_view field) noexcept {
  const bool quoted = field.size() > 1 && field.starts_with('"') && field.ends_with('"');
  return quoted ? field.substr(1, field.size() - 2) : field;
}

void add_field(EdgeFields& fields, std::string_view field) noexcept {
  if (fields.count < EdgeFields::most) fields.text[fields.count] = field;
  ++fields.count;
}

EdgeFields split_by_blanks(std::string_view line) noexcept {
  EdgeFields fields;
  for (line = trim_blanks(line); !line.empty(); line = trim_blanks(line)) {
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    add_field(fields, word);
    line.remove_prefix(word.size());
  }
  return fields;
}

/// Calls `visit(line)` for lines of content until it returns false.
template <typename Visitor>
void for_each_line(std::string_view text, std::size_t most, Visitor&& visit) {
  TextLines lines{text};
  std::size_t count = 0;
  while (const auto line = lines.next()) {
    if (is_comment_line(line->text)) continue;
    if (count++ == most || !visit(*line)) return;
  }
}

bool is_any_of(std::string_view text, std::span<const std::string_view> words) {
  std::string lower;
  for (const char c : text) {
    if (c == '_' || c == '-' || c == ' ') continue;
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return std::ranges::find(words, lower) != words.end();
}

/// What people call the columns, without '_', '-' and spaces.
constexpr std::array<std::string_view, 13> from_words{"source",   "from",  "src", "fromnodeid", "fromnode",
                                                      "node1",    "id1",   "u",   "start",      "head",
                                                      "sourceid", "nodea", "node"};
constexpr std::array<std::string_view, 13> to_words{"target", "to",  "dst",  "tonodeid", "tonode", "node2",    "id2",
                                                    "v",      "end", "tail", "targetid", "nodeb",  "neighbour"};
constexpr std::array<std::string_view, 5> weight_words{"weight", "cost", "metric", "distance", "length"};
constexpr std::array<std::string_view, 4> time_words{"time", "timestamp", "unixts", "date"};

std::optional<std::size_t> find_column(const EdgeFields& header, std::span<const std::string_view> words) {
  for (std::size_t column = 0; column < std::min(header.count, EdgeFields::most); ++column) {
    if (is_any_of(header.text[column], words)) return column;
  }
  return std::nullopt;
}

/// Every line has the same number of fields, the first two of them are names, and the third is a number, but in a first
/// line that names the columns.
bool is_separated_by(std::string_view text, char separator) {
  std::size_t count = 0;
  std::size_t lines = 0;
  bool fits = true;
  for_each_line(text, sample_lines, [&](const TextLine& line) {
    const EdgeFields fields = split_edge(line.text, separator);
    const auto has_plus = [](std::string_view field) { return field.starts_with('+'); };  // Rocketfuel: "Rome,+Italy3"
    const bool header = lines++ == 0 && find_column(fields, from_words) && find_column(fields, to_words);
    if (count == 0) count = fields.count;
    fits = fields.count == count && count >= 2 && !find_attributes(line.text) &&
           (header || count == 2 || lines == 1 || fields.text[2].empty() || number_in(fields.text[2]) || count > 4) &&
           std::ranges::none_of(std::span{fields.text}.first(2), [&](auto field) { return field.empty(); }) &&
           (separator != ',' || std::ranges::none_of(fields.text, has_plus));
    return fits;
  });
  return fits && lines > 0;
}

char find_separator(std::string_view text) {
  for (const char separator : {';', ',', '\t'}) {
    if (is_separated_by(text, separator)) return separator;
  }
  return ' ';
}

/// The first line of content, if it names the columns.
bool read_header(std::string_view text, EdgeListShape& shape) {
  bool found = false;
  for_each_line(text, 1, [&](const TextLine& line) {
    const EdgeFields fields = split_edge(line.text, shape.separator);
    const auto from = find_column(fields, from_words);
    const auto to = find_column(fields, to_words);
    if (!from || !to) return false;
    found = true;
    shape = {
        shape.separator, line.number, *from, *to, find_column(fields, weight_words), find_column(fields, time_words)};
    return false;
  });
  return found;
}

/// The columns behind the first two are a weight and a time, or one of them.
void find_columns(std::string_view text, EdgeListShape& shape) {
  bool third_is_time = true;
  bool fourth_is_time = true;
  std::size_t most = 0;
  for_each_line(text, sample_lines, [&](const TextLine& line) {
    if (find_attributes(line.text)) return true;
    const EdgeFields fields = split_edge(line.text, shape.separator);
    most = std::max(most, fields.count);
    if (fields.count > 2) third_is_time = third_is_time && is_time(fields.text[2]);
    if (fields.count > 3) fourth_is_time = fourth_is_time && is_time(fields.text[3]);
    return true;
  });
  if (most == 3 && third_is_time) {
    shape.weight.reset();
    shape.time = 2;
  } else if (most == 4 && fourth_is_time) {
    shape.time = 3;
  }
}

/// An edge, and neither YAML nor JSON nor a setting of some program.
bool is_unmistakable_edge(std::string_view line) noexcept {
  const auto is_plain = [](std::string_view word) {
    return !word.empty() && word.find_first_of(":\"'{}[]=<>*&!|,;") == std::string_view::npos && !word.starts_with('-');
  };
  const auto attributes = find_attributes(line);
  const EdgeFields fields = split_by_blanks(line.substr(0, attributes.value_or(line.size())));
  if (fields.count < 2 || fields.count > (attributes ? 2 : 4)) return false;
  const auto is_name = [&](std::string_view word) {  // with a comma as Rocketfuel has it
    const std::size_t comma = word.find(",+");
    return is_plain(comma == std::string_view::npos ? word : word.substr(0, comma)) &&
           (comma == std::string_view::npos || is_plain(word.substr(comma + 1)));
  };
  return is_name(fields.text[0]) && is_name(fields.text[1]) &&
         std::ranges::all_of(std::span{fields.text}.first(fields.count).subspan(2),
                             [](std::string_view word) { return number_in(word).has_value(); });
}

/// The same with a separator, and quotes where they are wanted.
bool is_unmistakable_row(std::string_view line, char separator) noexcept {
  const auto is_plain = [](std::string_view field) {
    return !field.empty() && field.find_first_of(":'{}[]=<>*&!|") == std::string_view::npos && !field.starts_with('-');
  };
  const EdgeFields fields = split_edge(line, separator);
  return fields.count >= 2 && is_plain(fields.text[0]) && is_plain(fields.text[1]);
}

template <typename Predicate>
bool first_lines(std::string_view text, Predicate&& matches) {
  constexpr std::size_t enough = 3;
  std::size_t edges = 0;
  bool all = true;
  for_each_line(text, enough, [&](const TextLine& line) {
    all = matches(line);
    edges += all ? 1U : 0U;
    return all;
  });
  return all && edges > 1;
}

}  // namespace

std::size_t EdgeListShape::last_column() const noexcept {
  return std::max({from, to, weight.value_or(0), time.value_or(0)});
}

EdgeListShape find_shape(std::string_view text) {
  EdgeListShape shape;
  shape.separator = find_separator(text);
  if (!read_header(text, shape)) find_columns(text, shape);
  return shape;
}

EdgeFields split_edge(std::string_view line, char separator) noexcept {
  if (separator == ' ') return split_by_blanks(line);
  EdgeFields fields;
  while (true) {
    const std::size_t end = end_of_field(line, separator);
    add_field(fields, without_quotes(trim_blanks(line.substr(0, end))));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + 1);
  }
}

bool is_comment_line(std::string_view line) noexcept {
  const std::string_view content = trim_blanks(line);
  return content.empty() || content.starts_with('#') || content.starts_with('%');
}

std::optional<std::size_t> find_attributes(std::string_view line) noexcept {
  const std::size_t brace = line.find('{');
  const bool found = brace != std::string_view::npos && brace > 0 && trim_blanks(line).ends_with('}') &&
                     blanks.find(line[brace - 1]) != std::string_view::npos;
  return found ? std::optional{brace} : std::nullopt;
}

bool looks_like_edge_list(std::string_view text) noexcept {
  bool header_possible = true;
  const auto is_edge = [&](const TextLine& line) {
    const EdgeFields fields = split_by_blanks(line.text);
    const bool header =
        std::exchange(header_possible, false) && find_column(fields, from_words) && find_column(fields, to_words);
    return header || is_unmistakable_edge(line.text);
  };
  if (first_lines(text, is_edge)) return true;
  return std::ranges::any_of(std::array{';', ',', '\t'}, [&](char separator) {
    return is_separated_by(text, separator) &&
           first_lines(text, [&](const TextLine& line) { return is_unmistakable_row(line.text, separator); });
  });
}

}  // namespace netherd::lab
