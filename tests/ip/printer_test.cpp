#include "netherd/ip/printer.hpp"

#include <gtest/gtest.h>

namespace netherd::ip {
namespace {

std::string print(Printer::Layout layout) {
  Printer printer{layout};
  printer.open_document();
  printer.open_object();
  printer.number("ifindex", "", 7, ": ");
  printer.string("ifname", "", "a\"b", " ", Colour::interface_name);
  printer.open_array("flags");
  printer.text("<");
  printer.string(nullptr, "", "UP", "> ");
  printer.close_array();
  printer.open_object("info");
  printer.close_object();
  printer.line_break();
  printer.hex("mark", "mark ", 31);
  printer.null("proxy", "proxy");
  printer.close_object();
  printer.close_document();
  return printer.take();
}

TEST(Printer, WritesTextAndJsonFromOneDescription) {
  EXPECT_EQ(print({}), "7: a\"b <UP> \nmark 0x1f proxy");
  EXPECT_EQ(print({.one_line = true}), "7: a\"b <UP> \\mark 0x1f proxy");
  EXPECT_EQ(print({.coloured = true}), "7: \033[36ma\"b \033[0m<UP> \nmark 0x1f proxy");
  EXPECT_EQ(
      print({.format = Printer::Format::json}),
      "[{\"ifindex\":7,\"ifname\":\"a\\\"b\",\"flags\":[\"UP\"],\"info\":{},\"mark\":\"0x1f\",\"proxy\":null}]\n");
  EXPECT_EQ(print({.format = Printer::Format::pretty_json}),
            "[ {\n        \"ifindex\": 7,\n        \"ifname\": \"a\\\"b\",\n        \"flags\": [ \"UP\" ],\n"
            "        \"info\": {},\n        \"mark\": \"0x1f\",\n        \"proxy\": null\n    } ]\n");
}

}  // namespace
}  // namespace netherd::ip
