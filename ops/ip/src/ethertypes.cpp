#include "ethertypes.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>

#include <algorithm>
#include <array>

#include "names.hpp"
#include "netherd/ip/words.hpp"

namespace netherd::ip {

namespace {

struct Ethertype {
  std::uint16_t protocol;
  std::string_view name;
};
/// Where a protocol has two names the first one is shown.
constexpr std::array ethertypes{Ethertype{ETH_P_LOOP, "loop"},
                                Ethertype{ETH_P_PUP, "pup"},
                                Ethertype{ETH_P_PUPAT, "pupat"},
                                Ethertype{ETH_P_IP, "ip"},
                                Ethertype{ETH_P_X25, "x25"},
                                Ethertype{ETH_P_ARP, "arp"},
                                Ethertype{ETH_P_BPQ, "bpq"},
                                Ethertype{ETH_P_IEEEPUP, "ieeepup"},
                                Ethertype{ETH_P_IEEEPUPAT, "ieeepupat"},
                                Ethertype{ETH_P_DEC, "dec"},
                                Ethertype{ETH_P_DNA_DL, "dna_dl"},
                                Ethertype{ETH_P_DNA_RC, "dna_rc"},
                                Ethertype{ETH_P_DNA_RT, "dna_rt"},
                                Ethertype{ETH_P_LAT, "lat"},
                                Ethertype{ETH_P_DIAG, "diag"},
                                Ethertype{ETH_P_CUST, "cust"},
                                Ethertype{ETH_P_SCA, "sca"},
                                Ethertype{ETH_P_RARP, "rarp"},
                                Ethertype{ETH_P_ATALK, "atalk"},
                                Ethertype{ETH_P_AARP, "aarp"},
                                Ethertype{ETH_P_IPX, "ipx"},
                                Ethertype{ETH_P_IPV6, "ipv6"},
                                Ethertype{ETH_P_PPP_DISC, "ppp_disc"},
                                Ethertype{ETH_P_PPP_SES, "ppp_ses"},
                                Ethertype{ETH_P_ATMMPOA, "atmmpoa"},
                                Ethertype{ETH_P_ATMFATE, "atmfate"},
                                Ethertype{ETH_P_802_3, "802_3"},
                                Ethertype{ETH_P_AX25, "ax25"},
                                Ethertype{ETH_P_ALL, "all"},
                                Ethertype{ETH_P_802_2, "802_2"},
                                Ethertype{ETH_P_SNAP, "snap"},
                                Ethertype{ETH_P_DDCMP, "ddcmp"},
                                Ethertype{ETH_P_WAN_PPP, "wan_ppp"},
                                Ethertype{ETH_P_PPP_MP, "ppp_mp"},
                                Ethertype{ETH_P_LOCALTALK, "localtalk"},
                                Ethertype{ETH_P_CAN, "can"},
                                Ethertype{ETH_P_PPPTALK, "ppptalk"},
                                Ethertype{ETH_P_TR_802_2, "tr_802_2"},
                                Ethertype{ETH_P_MOBITEX, "mobitex"},
                                Ethertype{ETH_P_CONTROL, "control"},
                                Ethertype{ETH_P_IRDA, "irda"},
                                Ethertype{ETH_P_ECONET, "econet"},
                                Ethertype{ETH_P_TIPC, "tipc"},
                                Ethertype{ETH_P_PROFINET, "profinet"},
                                Ethertype{ETH_P_AOE, "aoe"},
                                Ethertype{ETH_P_ETHERCAT, "ethercat"},
                                Ethertype{ETH_P_8021Q, "802.1Q"},
                                Ethertype{ETH_P_8021AD, "802.1ad"},
                                Ethertype{ETH_P_MPLS_UC, "mpls_uc"},
                                Ethertype{ETH_P_MPLS_MC, "mpls_mc"},
                                Ethertype{ETH_P_TEB, "teb"},
                                Ethertype{ETH_P_LLDP, "LLDP"},
                                Ethertype{ETH_P_IP, "ipv4"}};

char small_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

}  // namespace

std::string ethertype_text(std::uint16_t protocol) {
  const std::uint16_t number = ntohs(protocol);
  const auto* const found = std::ranges::find(ethertypes, number, &Ethertype::protocol);
  return found == ethertypes.end() || names::numeric() ? '[' + std::to_string(number) + ']' : std::string{found->name};
}

std::optional<std::uint16_t> read_ethertype(std::string_view word) {
  for (const auto& [protocol, name] : ethertypes) {
    if (std::ranges::equal(name, word, {}, small_letter, small_letter)) return htons(protocol);
  }
  std::uint64_t number = 0;
  if (!read_number(word, UINT16_MAX, number)) return std::nullopt;
  return htons(static_cast<std::uint16_t>(number));
}

}  // namespace netherd::ip
