#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "queue/leased_source.hpp"
#include "queue/outbox_entry.hpp"
#include "queue/sink.hpp"
#include "queue/untold.hpp"

namespace signalbox::queue {

struct OutboxOptions {
  CommonOptions common;
  std::string stream;
  OutboxLimits limits;
};

/// A stream to which workers add what they emit. One node reads it, by a lease, in its order. An entry is deleted when
/// its event is taken (an outcome: when it is durable), so that what is there is what is still to be told, and every
/// reader begins at the beginning. What can never be told goes to <stream>:dead, with the reason.
///
/// thread  the queues'.
class OutboxSource final : public LeasedSource {
 public:
  OutboxSource(redis::ClientThread& thread, Sink& sink, OutboxOptions options);

  void stop(std::move_only_function<void()> then) override;
  TimePoint next_deadline() const override;
  void on_timer() override;

 private:
  enum class Step : std::uint8_t {
    given,  ///< to the sink, or on its way to the dead
    taken,  ///< Redis has not yet said that it is deleted
  };

  void on_lease(bool held) override;
  void begin();
  void read();
  void on_entries(const redis::Answer& answer);
  void take_all(const std::vector<redis::Reply>& entries);
  void take(redis::Reply reply);
  void on_taken(const std::string& id, bool outcome, Taken taken);
  void begin_again_later();
  void erase(const std::string& id);
  void erase_taken();
  void bury(const std::string& id, std::string_view why);
  void move_to_dead(const std::string& id, std::string_view why);
  void on_unwritten(const redis::Error& why);

  const OutboxOptions options_;
  const std::string dead_;
  Sink& sink_;
  std::uint64_t term_ = 0;  ///< of the lease, or of a new beginning: answers to what was asked before are nobody's

  std::string cursor_;
  std::size_t count_;  ///< entries that are asked for at once
  bool reads_ = false;
  bool stands_ = false;  ///< until all is answered that was given: then it begins again
  TimePoint begin_at_ = kNever;
  std::unordered_map<std::string, Step> known_;  ///< entries that are still in the stream, as far as we know
  std::size_t unanswered_ = 0;                   ///< commands that take entries out of the stream
  std::vector<std::string> to_erase_;            ///< at the end of the turn
  Untold untold_;
  log::RareWarning unreadable_, unwritable_, crowded_;
};

}  // namespace signalbox::queue
