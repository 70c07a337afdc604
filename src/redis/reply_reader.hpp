#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "redis/reply.hpp"

struct redisReader;

namespace signalbox::redis {

/// What one answer may hold. More ends the connection: it would be our memory.
struct ReplyLimits {
  std::size_t bytes = 64 * 1024 * 1024;  ///< on the wire
  std::size_t elements = 256 * 1024;     ///< of all its arrays
};

/// Makes replies of the bytes of one connection, cut anywhere. The protocol is hiredis' business, which takes arrays in
/// seven levels at most; the values and the limits are ours.
///
/// thread  its owner's.
class ReplyReader {
 public:
  explicit ReplyReader(ReplyLimits limits = {});
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  void feed(std::string_view bytes);
  /// The next whole reply; nothing: more bytes are wanted. The error says why these are no answers of Redis; from then
  /// on there is no other answer than that.
  std::expected<std::optional<Reply>, std::string> next();

 private:
  struct Functions;
  struct FreeReader {
    void operator()(redisReader* reader) const noexcept;
  };

  std::size_t unread() const;
  std::optional<std::string> exceeded(bool whole) const;

  const ReplyLimits limits_;
  const std::unique_ptr<redisReader, FreeReader> reader_;
  Reply root_;                ///< the reply that is being made
  std::size_t elements_ = 0;  ///< that its arrays have announced
  std::uint64_t fed_ = 0;     ///< bytes, ever
  std::uint64_t begun_ = 0;   ///< where in these it began
  bool too_many_elements_ = false;
};

}  // namespace signalbox::redis
