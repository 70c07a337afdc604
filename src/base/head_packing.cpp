#include "base/head_packing.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace signalbox {
namespace {

/// How a line begins.
struct Beginning {
  std::string_view name;   ///< of the field, whole; empty: of the target
  std::string_view value;  ///< how it begins; one that ends in \n is the whole value
};

/// By the length of the name; of those with the same beginning the longest first.
constexpr Beginning kBeginnings[] = {
    {"", "/socket.io/?EIO=4&transport=websocket\n"},
    {"", "/socket.io/?EIO=4&transport=websocket"},
    {"", "/socket.io/?EIO=4&transport=polling&t="},
    {"Host", ""},
    {"Accept", "*/*\n"},
    {"Cookie", ""},
    {"Origin", "https://"},
    {"Origin", "http://"},
    {"Pragma", "no-cache\n"},
    {"Upgrade", "websocket\n"},
    {"Referer", "https://"},
    {"Referer", "http://"},
    {"X-Real-IP", ""},
    {"sec-ch-ua", ""},
    {"Connection", "Upgrade\n"},
    {"Connection", "keep-alive, Upgrade\n"},
    {"Connection", "keep-alive\n"},
    {"Connection", "upgrade\n"},
    {"User-Agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/"},
    {"User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/"},
    {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/"},
    {"User-Agent", "Mozilla/5.0 ("},
    {"User-Agent", ""},
    {"Authorization", "Bearer "},
    {"Cache-Control", "no-cache\n"},
    {"Sec-Fetch-Dest", "empty\n"},
    {"Sec-Fetch-Dest", "websocket\n"},
    {"Sec-Fetch-Mode", "cors\n"},
    {"Sec-Fetch-Mode", "websocket\n"},
    {"Sec-Fetch-Site", "cross-site\n"},
    {"Sec-Fetch-Site", "same-origin\n"},
    {"Sec-Fetch-Site", "same-site\n"},
    {"Accept-Encoding", "gzip, deflate, br, zstd\n"},
    {"Accept-Encoding", "gzip, deflate, br\n"},
    {"Accept-Encoding", "gzip, deflate\n"},
    {"Accept-Language", ""},
    {"X-Forwarded-For", ""},
    {"X-Forwarded-Host", ""},
    {"X-Forwarded-Port", ""},
    {"sec-ch-ua-mobile", "?0\n"},
    {"Sec-WebSocket-Key", ""},
    {"X-Forwarded-Proto", "http\n"},
    {"X-Forwarded-Proto", "https\n"},
    {"sec-ch-ua-platform", ""},
    {"Sec-WebSocket-Version", "13\n"},
    {"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits\n"},
    {"Sec-WebSocket-Extensions", "permessage-deflate\n"},
};
constexpr std::size_t kCount = std::size(kBeginnings);
constexpr unsigned char kFirstCode = 0x80;
static_assert(kCount <= 0x100 - kFirstCode);

constexpr std::size_t kLongestName = 24;
constexpr std::size_t name_size(const Beginning& beginning) {
  return beginning.name.size();
}
/// Where the beginnings with names of each length stand, and behind them the next.
constexpr auto kPlaces = [] {
  std::array<std::uint8_t, kLongestName + 2> places{};
  for (const Beginning& beginning : kBeginnings)
    for (std::size_t longer = name_size(beginning) + 1; longer < places.size(); ++longer) ++places[longer];
  return places;
}();
static_assert(std::ranges::is_sorted(kBeginnings, {}, name_size));

bool begins(std::string_view value, std::string_view beginning) {
  if (!beginning.ends_with('\n')) return value.starts_with(beginning);
  return value == beginning.substr(0, beginning.size() - 1);
}

/// Of kBeginnings; kCount: the line begins like none of them.
std::size_t beginning_of(std::string_view name, std::string_view value) {
  if (name.size() > kLongestName) return kCount;
  for (std::size_t place = kPlaces[name.size()]; place < kPlaces[name.size() + 1]; ++place)
    if (name == kBeginnings[place].name && begins(value, kBeginnings[place].value)) return place;
  return kCount;
}

void append_name(std::string& out, std::string_view name) {
  if (!name.empty()) (out += name) += ':';
}

}  // namespace

void pack_line(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t known = beginning_of(name, value);
  if (known == kCount) {
    append_name(out, name);
  } else {
    out += static_cast<char>(kFirstCode + known);
    if (kBeginnings[known].value.ends_with('\n')) return;
    value.remove_prefix(kBeginnings[known].value.size());
  }
  (out += value) += '\n';
}

std::string unpack_head(std::string_view packed) {
  std::string out;
  while (!packed.empty()) {
    const std::size_t known = std::size_t{static_cast<unsigned char>(packed.front())} - kFirstCode;
    if (known < kCount) {
      append_name(out, kBeginnings[known].name);
      out += kBeginnings[known].value;
      packed.remove_prefix(1);
      if (out.back() == '\n') continue;
    }
    const std::size_t end = std::min(packed.find('\n'), packed.size() - 1) + 1;
    out += packed.substr(0, end);
    packed.remove_prefix(end);
  }
  return out;
}

}  // namespace signalbox
