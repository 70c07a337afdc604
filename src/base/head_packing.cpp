#include "base/head_packing.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace signalbox {
namespace {

/// By the length of the field's name, the target before all; of those with the same beginning the longest first. One
/// that ends in \n is a whole line.
constexpr std::string_view kBeginnings[] = {
    "/socket.io/?EIO=4&transport=websocket\n",
    "/socket.io/?EIO=4&transport=websocket",
    "/socket.io/?EIO=4&transport=polling&t=",
    "Host:",
    "Accept:*/*\n",
    "Cookie:",
    "Origin:https://",
    "Origin:http://",
    "Pragma:no-cache\n",
    "Upgrade:websocket\n",
    "Referer:https://",
    "Referer:http://",
    "X-Real-IP:",
    "sec-ch-ua:",
    "Connection:Upgrade\n",
    "Connection:keep-alive, Upgrade\n",
    "Connection:keep-alive\n",
    "Connection:upgrade\n",
    "User-Agent:Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/",
    "User-Agent:Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/",
    "User-Agent:Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/",
    "User-Agent:Mozilla/5.0 (",
    "User-Agent:",
    "Authorization:Bearer ",
    "Cache-Control:no-cache\n",
    "Sec-Fetch-Dest:empty\n",
    "Sec-Fetch-Dest:websocket\n",
    "Sec-Fetch-Mode:cors\n",
    "Sec-Fetch-Mode:websocket\n",
    "Sec-Fetch-Site:cross-site\n",
    "Sec-Fetch-Site:same-origin\n",
    "Sec-Fetch-Site:same-site\n",
    "Accept-Encoding:gzip, deflate, br, zstd\n",
    "Accept-Encoding:gzip, deflate, br\n",
    "Accept-Encoding:gzip, deflate\n",
    "Accept-Language:",
    "X-Forwarded-For:",
    "X-Forwarded-Host:",
    "X-Forwarded-Port:",
    "sec-ch-ua-mobile:?0\n",
    "Sec-WebSocket-Key:",
    "X-Forwarded-Proto:http\n",
    "X-Forwarded-Proto:https\n",
    "sec-ch-ua-platform:",
    "Sec-WebSocket-Version:13\n",
    "Sec-WebSocket-Extensions:permessage-deflate; client_max_window_bits\n",
    "Sec-WebSocket-Extensions:permessage-deflate\n",
};
constexpr std::size_t kCount = std::size(kBeginnings);
constexpr unsigned char kFirstCode = 0x80;
static_assert(kCount <= 0x100 - kFirstCode);

constexpr std::size_t kLongestName = 24;
/// Of the field's name; 0: of a target.
constexpr std::size_t name_size(std::string_view line) {
  return line.starts_with('/') ? 0 : line.find(':');
}
/// Where the beginnings with names of each length stand, and behind them the next.
constexpr auto kPlaces = [] {
  std::array<std::uint8_t, kLongestName + 2> places{};
  for (const std::string_view beginning : kBeginnings)
    for (std::size_t longer = name_size(beginning) + 1; longer < places.size(); ++longer) ++places[longer];
  return places;
}();
static_assert(std::ranges::is_sorted(kBeginnings, {}, name_size));

/// Of kBeginnings; kCount: the line begins like none of them.
std::size_t beginning_of(std::string_view line) {
  const std::size_t size = name_size(line);
  if (size > kLongestName) return kCount;
  for (std::size_t place = kPlaces[size]; place < kPlaces[size + 1]; ++place)
    if (line.front() == kBeginnings[place].front() && line.starts_with(kBeginnings[place])) return place;
  return kCount;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end);
  return line;
}

}  // namespace

void pack_head(std::string& head) {
  char* to = head.data();
  for (std::string_view rest = head; !rest.empty();) {
    std::string_view line = take_line(rest);
    if (const std::size_t known = beginning_of(line); known != kCount) {
      *to++ = static_cast<char>(kFirstCode + known);
      line.remove_prefix(kBeginnings[known].size());
    }
    to = std::copy(line.begin(), line.end(), to);  // to the left, if anywhere
  }
  head.resize(static_cast<std::size_t>(to - head.data()));
}

std::string unpack_head(std::string_view packed) {
  std::string out;
  while (!packed.empty()) {
    const std::size_t known = std::size_t{static_cast<unsigned char>(packed.front())} - kFirstCode;
    if (known < kCount) {
      out += kBeginnings[known];
      packed.remove_prefix(1);
      if (out.back() == '\n') continue;
    }
    if (!packed.empty()) out += take_line(packed);
  }
  return out;
}

}  // namespace signalbox
