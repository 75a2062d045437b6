#include "fake_links.hpp"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <fstream>

#include "netherd/engine/message.hpp"

namespace netherd::test {

ip::Request FakeLinks::start_of(int index, const std::string& name, unsigned short type) {
  ifinfomsg header{};
  header.ifi_index = index;
  header.ifi_type = type;
  header.ifi_flags = IFF_UP | IFF_RUNNING | IFF_LOWER_UP | IFF_BROADCAST;
  ip::Request message{RTM_NEWLINK, 0, header};
  message.put_string(IFLA_IFNAME, name);
  message.put_u32(IFLA_TXQLEN, 1000);
  message.put_u32(IFLA_MTU, 1500);
  return message;
}

void FakeLinks::add(ip::Request message) {
  const auto bytes = message.message();
  messages_.emplace_back(bytes.begin(), bytes.end());
  const engine::MessageView view{messages_.back()};
  const auto header = view.family_header<ifinfomsg>().value();
  ip::LinkFacts facts{.index = header.ifi_index, .type = header.ifi_type};
  for (const engine::AttributeView attribute : view.attributes<ifinfomsg>()) {
    if (attribute.type() == IFLA_IFNAME) facts.name = attribute.text();
    if (attribute.type() == IFLA_ADDRESS) facts.address_size = attribute.payload().size();
  }
  facts_.push_back(facts);
}

void FakeLinks::write(const std::string& path) const {
  std::ofstream file{path, std::ios::binary};
  for (const auto& message : messages_) {
    file.write(reinterpret_cast<const char*>(message.data()), static_cast<std::streamsize>(message.size()));
  }
}

const ip::LinkFacts* FakeLinks::find_link(std::string_view name) {
  const auto found = std::ranges::find(facts_, name, &ip::LinkFacts::name);
  return found == facts_.end() ? nullptr : &*found;
}

const ip::LinkFacts* FakeLinks::find_link(int index) {
  const auto found = std::ranges::find(facts_, index, &ip::LinkFacts::index);
  return found == facts_.end() ? nullptr : &*found;
}

std::vector<std::byte> FakeLinks::describe_link(int index) {
  const ip::LinkFacts* const link = find_link(index);
  return link == nullptr ? std::vector<std::byte>{} : messages_.at(static_cast<std::size_t>(link - facts_.data()));
}

std::string with_fake_kernel(const std::string& links, const std::string& sent) {
  return std::string{"LD_PRELOAD="} + NETHERD_FAKE_RTNETLINK + " NETHERD_FAKE_LINKS=" + links +
         (sent.empty() ? "" : " NETHERD_FAKE_SENT=" + sent) + ' ';
}

}  // namespace netherd::test
