#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox {

/// `out += part`, inlined: for what is written for each event.
inline void append(std::string& out, std::string_view part) {
  const std::size_t before = out.size(), after = before + part.size();
  out.resize_and_overwrite(after, [&](char* text, std::size_t) {
    part.copy(text + before, part.size());
    return after;
  });
}

/// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD: what we write is always
/// valid JSON. source  RFC 8259 §7.
void append_json_string(std::string& out, std::string_view text);

void append_int(std::string& out, std::int64_t value);
void append_unsigned(std::string& out, std::uint64_t value);

/// As JSON.stringify prints it: 50, 0.1, 1e+21; NaN and the infinities are null.
void append_double(std::string& out, double value);

}  // namespace signalbox
