#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/client.hpp"

namespace signalbox::queue {

/// Reads the texts under all keys of a pattern, some at a time.
///
/// thread  the client's. It outlives the client's last answer.
class KeyWalk {
 public:
  struct Options {
    std::string pattern;
    std::size_t most_bytes;  ///< larger texts are not read
  };
  class Reader {
   public:
    virtual void on_text(std::string_view text) = 0;
    virtual void on_too_large(std::string_view key) = 0;
    /// May the next ones be read? If not, go_on() is called later.
    virtual bool has_room() const = 0;
    /// Every key that was there all the time has been read; or Redis went away.
    virtual void on_end(bool whole) = 0;

   protected:
    ~Reader() = default;
  };

  KeyWalk(redis::Client& commands, Options options, Reader& reader);
  KeyWalk(const KeyWalk&) = delete;
  KeyWalk& operator=(const KeyWalk&) = delete;

  bool walks() const { return walks_; }
  void begin();
  void go_on();
  /// The reader is told nothing more.
  void stop();

 private:
  void read_keys();
  void look_at(const std::vector<redis::Reply>& keys);
  void read(const std::string& key);
  void answered();
  void end(bool whole);
  redis::OnAnswer in_this_walk(redis::OnAnswer on_answer);

  redis::Client& commands_;
  const Options options_;
  Reader& reader_;
  bool walks_ = false;
  bool waits_ = false;      ///< for room
  std::uint64_t walk_ = 0;  ///< answers to another one are nobody's
  std::string cursor_;
  std::size_t unanswered_ = 0;
};

}  // namespace signalbox::queue
