#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "queue/bull_queue.hpp"
#include "queue/queue_scan.hpp"
#include "queue/sink.hpp"
#include "queue/source.hpp"
#include "queue/source_options.hpp"
#include "redis/client_thread.hpp"

namespace signalbox::queue {

/// Hears the queues of Bull 3 and 4 over one subscriber; the rest over another connection.
class BullSource final : public Source {
 public:
  static constexpr std::size_t kMostQueues = 500;

  /// `sink` outlives the thread.
  BullSource(redis::ClientThread& thread, Sink& sink, SourceOptions options);

  void stop(std::move_only_function<void()> then) override;
  void append_status(std::vector<QueueStatus>& out) const override;

  TimePoint next_deadline() const override;
  void on_timer() override;

 private:
  class Commands final : public redis::Client::Observer {
   public:
    explicit Commands(BullSource& source) : source_(source) {}
    void on_up() override;
    void on_down(const redis::Error& why) override;

   private:
    BullSource& source_;
  };
  class Subscriber final : public redis::Client::Observer {
   public:
    explicit Subscriber(BullSource& source) : source_(source) {}
    void on_up() override;
    void on_down(const redis::Error& why) override;
    void on_published(const redis::Published& published) override;

   private:
    BullSource& source_;
  };

  void say_down(std::string_view connection, const redis::Error& why) const;
  void look();
  void check(const std::string& name);
  void add(const std::string& name);
  TimePoint now() const { return thread_.loop().now(); }

  redis::ClientThread& thread_;
  Sink& sink_;
  const SourceOptions options_;
  const std::uint32_t part_;  // before the clients, which write at the end of a turn what this has to say
  Commands command_side_{*this};
  Subscriber subscriber_side_{*this};
  redis::Client& commands_;
  redis::Client& subscriber_;
  QueueScan scan_;
  std::map<std::string, std::unique_ptr<BullQueue>, std::less<>> queues_;  ///< by their names
  bool stopped_ = false;
  TimePoint look_at_ = kNever;
  log::RareLine left_out_{log::Level::warn, 2};
};

}  // namespace signalbox::queue
