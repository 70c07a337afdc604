#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "queue/bullmq_queue.hpp"
#include "queue/queue_scan.hpp"
#include "queue/sink.hpp"
#include "queue/source.hpp"
#include "queue/source_options.hpp"
#include "redis/client_thread.hpp"

namespace signalbox::queue {

/// Reads the queues of BullMQ 5 and 6: their streams over a connection that does nothing else, all that this node holds
/// in one XREAD; the rest over another one.
class BullmqSource final : public Source {
 public:
  static constexpr std::size_t kMostQueues = 500;
  static constexpr std::size_t kEntries = 500;          ///< of each queue in one reading
  static constexpr std::size_t kEntriesOfAll = 20'000;  ///< of all queues
  static constexpr Milliseconds kBlock{500}, kAgain{1000};

  /// `sink` outlives the thread.
  BullmqSource(redis::ClientThread& thread, Sink& sink, SourceOptions options);

  void stop(std::move_only_function<void()> then) override;
  void append_status(std::vector<QueueStatus>& out) const override;

  TimePoint next_deadline() const override;
  void on_timer() override;

 private:
  /// One of the connections.
  class Side final : public redis::Client::Observer {
   public:
    Side(BullmqSource& source, std::string_view what) : source_(source), what_(what) {}
    void on_up() override { source_.on_up(*this); }
    void on_down(const redis::Error& why) override;

   private:
    BullmqSource& source_;
    const std::string_view what_;
  };

  void on_up(const Side& side);
  void on_down(const Side& side);
  void look();
  void add(const std::string& name, bool is_new);
  /// A queue, and from where it is read.
  struct Reading {
    BullmqQueue* queue;
    StreamId cursor;
  };

  std::vector<Reading> to_read() const;
  void read();
  void on_read(const std::vector<Reading>& readings, std::size_t most, redis::Answer answer);
  void on_unread(const redis::Error& why);
  TimePoint now() const { return thread_.loop().now(); }

  redis::ClientThread& thread_;
  Sink& sink_;
  const SourceOptions options_;
  const std::uint32_t part_;  // before the clients, which write at the end of a turn what this has to say
  Side command_side_{*this, "commands"}, stream_side_{*this, "streams"};
  redis::Client& commands_;
  redis::Client& streams_;
  QueueScan scan_;
  std::map<std::string, std::unique_ptr<BullmqQueue>, std::less<>> queues_;  ///< by their streams
  bool stopped_ = false;
  bool found_all_ = false;  ///< the first look is over: what is found from now on is new
  bool reading_ = false;
  bool careful_ = false;            ///< one entry is more than a connection takes
  std::size_t entries_ = kEntries;  ///< fewer after an answer that was too large
  TimePoint look_at_ = kNever, retry_at_ = kNever;
  log::RareLine unread_{log::Level::warn, 2};
};

}  // namespace signalbox::queue
