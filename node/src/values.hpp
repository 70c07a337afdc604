#pragma once
#include <napi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <signalbox/signalbox.hpp>

#include "environment.hpp"

namespace signalbox::node {

/// A JavaScript string as UTF-8; a short one without an allocation.
class Text {
 public:
  Text(napi_env env, napi_value value) {
    napi_get_value_string_utf8(env, value, inline_.data(), inline_.size(), &size_);
    if (size_ + 1 < inline_.size() - kLongestCharacter) return;
    napi_get_value_string_utf8(env, value, nullptr, 0, &size_);
    long_.resize(size_);
    napi_get_value_string_utf8(env, value, long_.data(), size_ + 1, &size_);
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  std::string_view view() const { return long_.empty() ? std::string_view(inline_.data(), size_) : long_; }

 private:
  static constexpr std::size_t kLongestCharacter = 4;  ///< of which the end is not written if it has no room

  std::array<char, 1024> inline_;
  std::size_t size_ = 0;
  std::string long_;
};

inline std::uint64_t number_of(const Napi::Value& value) {
  return static_cast<std::uint64_t>(value.As<Napi::Number>().Int64Value());
}

/// A Buffer's bytes; undefined has none.
inline std::string bytes_of(const Napi::Value& value) {
  if (!value.IsBuffer()) return {};
  const auto buffer = value.As<Napi::Buffer<char>>();
  return {buffer.Data(), buffer.Length()};
}

inline Attachments attachments_of(const Napi::Value& value) {
  Attachments out;
  if (!value.IsArray()) return out;
  const auto array = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i) out.push_back(bytes_of(array.Get(i)));
  return out;
}

inline Napi::Value error_number(Napi::Env env, EmitError error) {
  return Napi::Number::New(env, -1 - static_cast<int>(error));
}

}  // namespace signalbox::node
