#pragma once
#include <cerrno>
#include <memory>
#include <string>

#include "reactor/stream.hpp"

namespace signalbox::net::test {

using reactor::Kernel;
using reactor::StreamFilter;
using reactor::Wire;

/// As TLS does: what is on the wire is not what is said, it reads more than it was asked for, and it keeps for itself
/// what the kernel does not take.
class HoldingFilter final : public StreamFilter {
 public:
  static std::string scrambled(std::string_view bytes) {
    std::string out(bytes);
    for (char& c : out) c = static_cast<char>(c ^ 0x55);
    return out;
  }

  long read(Kernel& kernel, Wire& wire, std::span<char> out) override {
    if (in_.empty()) {
      char bytes[4096];
      const long got = wire.read(kernel, bytes);
      if (got <= 0) return got;
      in_ = scrambled({bytes, static_cast<std::size_t>(got)});
    }
    const std::size_t part = in_.copy(out.data(), std::min(out.size(), kPart));
    in_.erase(0, part);
    return static_cast<long>(part);
  }
  long write(Kernel& kernel, Wire& wire, std::string_view bytes) override {
    const bool full = holds_output();
    if (!full) out_ = scrambled(bytes);
    const long taken = wire.write(kernel, out_);
    if (taken < 0 && taken != -EAGAIN) return taken;
    if (taken > 0) out_.erase(0, static_cast<std::size_t>(taken));
    return full ? -EAGAIN : static_cast<long>(bytes.size());
  }
  bool holds_input() const override { return !in_.empty(); }
  bool holds_output() const override { return !out_.empty(); }

  static constexpr std::size_t kPart = 7;  ///< bytes that one read gives

 private:
  std::string in_, out_;
};

}  // namespace signalbox::net::test
