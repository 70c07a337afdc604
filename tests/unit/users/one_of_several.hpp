#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fake_mailboxes.hpp"
#include "noted_store.hpp"
#include "users/directory.hpp"

namespace signalbox::users::test {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

/// Other nodes, as far as this one tells them.
struct NotedNodes final : OtherNodes {
  bool relays_all() const override { return all; }
  bool has_room() const override { return room; }
  void relay(std::string_view user, FrameRef event, Row row) override {
    relayed.push_back(std::string(user) + " " + std::string(event->packet()) + " " + std::to_string(row));
  }
  void relay_to_all(FrameRef notice) override { relayed.push_back("all " + std::string(notice->packet())); }
  void changed(std::string_view user) override { changes.emplace_back(user); }
  void begin_login(std::string, unsigned, Then then) override { then(); }
  void end_login(std::string) override {}

  bool all = false, room = true;
  Texts relayed, changes;
};

/// A directory of a node that is not alone.
struct OneOfSeveral : testing::Test {
  OneOfSeveral() {
    directory.join(others);
    directory.open(store, now);
  }
  static EncodedEvent event(const std::string& name) { return {text_frame("42[\"" + name + "\"]")}; }
  static FrameRef outcome(const std::string& job, const std::string& name = "job_completed") {
    return text_frame("42[\"" + name + "\",{\"jobId\":\"" + job + "\"}]", FrameKind::outcome, job);
  }
  static Row foreign(Row row) { return kOfAnother | row; }
  /// An outcome that another node took so long ago.
  static Ledger::Found found(const std::string& job, Row row, Milliseconds ago, WallMs received_at = 0) {
    return {.frame = outcome(job), .time = coarse_unix_ms() - ago.count(), .received_at = received_at, .row = row};
  }
  /// Jobs, as a login is told of them.
  Texts replay(const std::string& user) { return replay(directory, user); }
  Texts replay(Directory& of, const std::string& user) {
    Texts told;
    const auto joined = of.sockets.join(user, login);
    for (const JobEntry& each : joined.replay.entries)
      told.push_back(std::string(each.frame->key()) + (each.unread() ? "" : " received"));
    of.sockets.leave(joined.user, login, now);
    return told;
  }
  Texts delivered() {
    Texts packets;
    for (const Message& each : mailboxes.boxes[0])
      if (each.kind == Message::Kind::deliver) packets.emplace_back(each.frame->packet());
    return packets;
  }
  Texts puts() {
    Texts notes;
    for (const std::string& each : store.notes)
      if (each.starts_with("put")) notes.push_back(each);
    return notes;
  }

  TimePoint now{1h};
  FakeMailboxes mailboxes{1};
  NotedNodes others;
  NotedStore store;
  Directory directory{mailboxes, {}};
  const SocketRef tab{0, 1, 1}, login{0, 9, 9};
};

}  // namespace signalbox::users::test
