#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cluster/shared_ledger.hpp"
#include "cluster/shared_store.hpp"
#include "redis/client_thread.hpp"
#include "unit/redis/live_client.hpp"
#include "unit/redis/redis_server.hpp"
#include "unit/users/fake_mailboxes.hpp"
#include "unit/users/noted_store.hpp"

namespace signalbox::cluster::test {

/// A node's outcomes over a Redis of the test's own. All of it runs on the client's thread.
struct LedgerNode final : redis::Client::Observer {
  struct Start {
    std::vector<users::OwedReceipt> owed{};
    std::size_t unread = SIZE_MAX;
  };
  LedgerNode(const std::string& url, const std::string& home) : LedgerNode(url, home, Start{}) {}
  LedgerNode(const std::string& url, const std::string& home, Start start)
      : disk(std::move(start.owed)),
        client(thread.add({.url = redis::parse_url(url).value()}, *this)),
        ear(*this),
        subscriber(thread.add(
            {.url = redis::parse_url(url).value(), .connection = {.mode = redis::ConnectionOptions::Mode::subscriber}},
            ear)),
        index(client, keys,
              {.outcome_ttl = 3'600'000, .progress_ttl = 60'000, .replay = 60'000, .unread = start.unread}),
        nodes(client, keys, "tag of " + home, counts,
              {.nobody = [](const std::string&) {}, .outcomes = [this] { ledger.on_unpublished(); }}),
        ledger(
            home,
            {.directory = directory,
             .disk = disk,
             .nodes = nodes,
             .post = [this](std::move_only_function<void()> task) { static_cast<void>(thread.post(std::move(task))); },
             .call_back = [](std::move_only_function<void()> then) { then(); },
             .is_here = [this](std::string_view user) { return here.contains(user); },
             .relay = [this](const Emitted& event) { relayed.push_back(event.user + " " + key_of(*event.event)); }},
            index, 8) {
    directory.open(store, TimePoint{});
    thread.start();
    wait_until([this] { return connections == 1; });
    for (const std::string& name : {home, "tag of " + home}) {
      wait<bool>([&](auto on) {
        subscriber.subscribe(redis::Subscriptions::Kind::channel, keys.node(name),
                             [on](const std::expected<void, redis::Error>& heard) { on(heard.has_value()); });
      });
    }
  }
  ~LedgerNode() { thread.stop(); }

  static std::string key_of(const Frame& frame) { return std::string(frame.key()); }
  static users::EncodedEvent outcome(const std::string& job, const std::string& name = "job_completed") {
    return {text_frame("42[\"" + name + "\",{\"jobId\":\"" + job + "\"}]", FrameKind::outcome, job)};
  }
  static users::EncodedEvent progress(const std::string& job, int percent) {
    return {text_frame("42[\"job_progress\",{\"jobId\":\"" + job + "\",\"progress\":" + std::to_string(percent) + "}]",
                       FrameKind::progress, job)};
  }

  /// Runs it there, and waits.
  template <class Call>
  auto run(Call call) {
    // Shared: the thread may not be out of it when its result is here.
    const auto task = std::make_shared<std::packaged_task<decltype(call())()>>(std::move(call));
    auto done = task->get_future();
    EXPECT_TRUE(thread.post([task] { (*task)(); }));
    return done.get();
  }
  /// What the call tells its callback.
  template <class Result, class Call>
  Result wait(Call call) {
    const auto promise = std::make_shared<std::promise<Result>>();
    auto result = promise->get_future();
    run([&] { call([promise](Result got) { promise->set_value(std::move(got)); }); });
    return result.get();
  }
  /// Looks after each turn of the thread.
  template <class Condition>
  void wait_until(Condition condition) {
    const TimePoint end = Clock::now() + std::chrono::seconds(20);
    while (!run(condition)) {
      if (Clock::now() > end) return ADD_FAILURE() << "it never came";
      ping();
    }
  }
  /// Whatever was asked before has been answered; a script that Redis did not know as well, which is sent once more.
  void ping() {
    for (int i = 0; i < 2; ++i)
      wait<bool>(
          [this](auto on) { client.send({"PING"}, [on](const redis::Answer& answer) { on(answer.has_value()); }); });
  }
  void emit(const std::string& user, users::EncodedEvent event) {
    run([&] { EXPECT_TRUE(directory.emit(user, std::move(event))); });
    ping();
  }
  /// A login, whose client goes again: what it is told.
  std::vector<std::string> login(const std::string& user) {
    wait<bool>([&](auto on) {
      here.insert(user);
      ledger.prepare(user, [on] { on(true); });
    });
    return run([&] {
      std::vector<std::string> told;
      const auto joined = directory.sockets.join(user, tab);
      for (const users::JobEntry& each : joined.replay.entries)
        told.push_back(key_of(*each.frame) + (each.frame->kind() == FrameKind::progress ? " runs"
                                              : each.unread()                           ? ""
                                                                                        : " received"));
      directory.sockets.leave(joined.user, tab, TimePoint{});
      leave(user);
      return told;
    });
  }
  void leave(const std::string& user) {
    here.erase(user);
    ledger.on_gone(user);
  }
  /// The user receives all that there is.
  void receive(const std::string& user) {
    run([&] { directory.ledger.confirm(user, {0, 1'000'000}); });
    ping();
  }
  /// A client comes and stays.
  void come(const std::string& user) {
    wait<bool>([&](auto on) {
      here.insert(user);
      ledger.prepare(user, [on] { on(true); });
    });
  }
  /// So much later.
  void later(std::chrono::seconds by) {
    run([&] { ledger.on_timer(thread.loop().now() + by); });
    ping();
  }
  /// Messages to other nodes leave.
  void flush() {
    run([this] { nodes.flush(); });
    ping();
  }
  std::vector<std::string> noted(const std::string& what) {
    return run([&] {
      std::vector<std::string> out;
      for (const std::string& each : disk.notes)
        if (each.starts_with(what)) out.push_back(each);
      return out;
    });
  }

  /// What other nodes tell this one.
  struct Ear final : redis::Client::Observer {
    explicit Ear(LedgerNode& its) : node(its) {}
    void on_up() override {}
    void on_down(const redis::Error&) override {}
    void on_published(const redis::Published& published) override {
      const auto message = read_node_message(published.payload);
      ASSERT_TRUE(message);
      for (const NodePart& part : message->parts) {
        const auto* receipt = std::get_if<RelayedReceipt>(&part);
        if (deaf) {
          if (receipt) ++receipts_missed;
          continue;
        }
        if (receipt) node.ledger.on_receipt(message->sender, *receipt, node.thread.loop().now());
        if (const auto* thanks = std::get_if<RelayedThanks>(&part)) node.ledger.on_thanks(*thanks);
        if (const auto* one = std::get_if<RelayedReplacement>(&part)) node.ledger.on_replacement(*one);
      }
    }
    LedgerNode& node;
    bool deaf = false;
    std::size_t receipts_missed = 0;  ///< while it was
  };

  void on_up() override {
    ++connections;
    ledger.on_connected();
  }
  void on_down(const redis::Error&) override { ledger.on_lost(); }
  void do_task(const Offered& task) { ledger.on_task(task); }
  void do_task(const Refused& task) { ledger.on_task(task); }
  void do_task(const Received& task) { ledger.on_task(task); }
  void do_task(const Progressed& task) { ledger.on_task(task, thread.loop().now()); }
  template <class Other>
  void do_task(const Other&) {}
  void post(Inbox::Task task) {
    static_cast<void>(
        thread.post([this, task = std::move(task)] { std::visit([this](const auto& one) { do_task(one); }, task); }));
  }

  users::test::FakeMailboxes mailboxes{1};
  struct Disk final : users::test::NotedStore {
    explicit Disk(std::vector<users::OwedReceipt> before) { owed_before = std::move(before); }
    void when_committed(users::CommitGroup group, Committed callback) override {
      if (!slow) return NotedStore::when_committed(group, std::move(callback));
      held.push_back(std::move(callback));
    }
    void commit() {
      slow = false;
      for (Committed& each : std::exchange(held, {})) NotedStore::when_committed(0, std::move(each));
    }
    bool slow = false;  ///< nothing is committed before commit()
    std::vector<Committed> held;
  } disk;
  users::Directory directory{mailboxes, {}};
  const SocketRef tab{0, 1, 1};
  const Keys keys{"sb", 0, 4};
  redis::ClientThread thread;
  redis::Client& client;
  Ear ear;
  redis::Client& subscriber;
  OutcomeIndex index;
  Counts counts;
  NodeChannels nodes;
  std::set<std::string, std::less<>> here;
  std::vector<std::string> relayed;
  int connections = 0;
  SharedLedger ledger;
  SharedStore store{disk, ledger.groups, [this](Inbox::Task task) { post(std::move(task)); }};
};

/// Nodes of a Redis, and somebody who asks it.
struct OverRedis : testing::Test {
  void SetUp() override {
    if (!redis::test::has_redis()) GTEST_SKIP() << "there is no redis-server: apt-get install redis-server";
    server = std::make_unique<redis::test::RedisServer>();
    asking = std::make_unique<redis::test::LiveClient>(server->url());
    ASSERT_EQ(asking->next(), "up");
  }
  std::string ask(std::vector<std::string> words) { return asking->ask(std::move(words)); }
  std::string url() const { return server->url(); }
  void restart() {
    server->kill();
    server->start();
  }

  std::unique_ptr<redis::test::RedisServer> server;
  std::unique_ptr<redis::test::LiveClient> asking;
  const Keys keys{"sb", 0, 4};
};

/// Two nodes of that Redis.
struct TwoNodes : OverRedis {
  void SetUp() override {
    OverRedis::SetUp();
    if (IsSkipped()) return;
    a = std::make_unique<LedgerNode>(url(), "home-a");
    b = std::make_unique<LedgerNode>(url(), "home-b");
  }
  /// How many outcomes of ada Redis has.
  std::string packets() { return ask({"HLEN", keys.jobs_of("ada").packets}); }

  std::unique_ptr<LedgerNode> a, b;
};

}  // namespace signalbox::cluster::test
