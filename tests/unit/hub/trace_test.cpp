#include <gtest/gtest.h>

#include <deque>

#include <signalbox/json.hpp>

#include "hub/traces.hpp"
#include "hub/user_sockets.hpp"
#include "recovering_client.hpp"

// A live look at what one user's sockets are sent, and at what comes of it.
namespace signalbox::hub::test {
namespace {

using Lines = std::vector<std::string>;

users::EncodedEvent done(std::string id) {
  return *users::job_frame(JobCompleted{.job_id = id, .result = 1}, {});
}
users::EncodedEvent note(const std::string& data) {
  return *users::checked_event_frame("note", data);
}

/// What a shard tells is kept as lines, without their time and with SID for the socket.
struct Follower {
  FakeHub& hub;
  std::uint64_t number;
  Lines lines{};
  std::uint64_t lost = 0;
  std::size_t tellings = 0;
  bool takes = true;  ///< else it leaves what it is told untaken

  void follow(std::string user, bool with_data = false) {
    for (unsigned shard = 0; shard < hub.hub.shards.size(); ++shard) {
      begin_trace(hub.hub, shard,
                  {.number = number, .user = user, .with_data = with_data, .tell = [this, shard](TraceRow::Lines told) {
                     ++tellings;
                     lost += told.lost;
                     keep(told.text);
                     if (takes) lines_taken(hub.hub, shard, number);
                   }});
    }
    hub.deliver();
  }
  void keep(std::string_view text) {
    for (std::size_t end = 0; (end = text.find('\n')) != text.npos; text.remove_prefix(end + 1)) {
      json line = json::parse(text.substr(0, end));
      EXPECT_GT(line.at("at").get<std::int64_t>(), 1'700'000'000'000);
      line.erase("at");
      if (std::exchange(line["socket"], "SID").get<std::string>().size() != 20) ADD_FAILURE() << line;
      line.erase("socket");
      lines.push_back(line.dump());
    }
  }
  Lines take() {
    hub.deliver();
    return std::exchange(lines, {});
  }
  void end() {
    end_trace(hub.hub, number);
    hub.deliver();
  }
};

TEST(TraceEntry, is_one_line_of_json_whatever_a_packet_says) {
  for (const std::string whole :
       {R"(2["a\"b",{"c":[1]}])", R"(51-/n,7["a",{"_placeholder":true,"num":0}])", "2[1,2]", "2{}",
        R"(4{"message":"m"})", "1/nowhere,", "3007[]", "9zz", "2[\"\xC3\xA9\"]", "2[\"\xFF\n\"]"}) {
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      TraceEntry entry{.what = TraceEntry::What::received, .socket = "s"};
      describe_packet(entry, std::string_view(whole).substr(0, size));
      std::string line;
      append_trace_line(line, entry, true);
      EXPECT_EQ(line.find('\n'), line.size() - 1);
      EXPECT_EQ(json::parse(line).at("what"), "received") << line;
    }
  }
}

TEST(TraceEntry, has_the_name_of_an_event_and_the_rest_of_it) {
  const std::string packet = R"(2/n,7["a\u00e9", {"c":1},2])";
  TraceEntry entry{.what = TraceEntry::What::sent, .socket = "s", .nsp = namespace_of(packet)};
  describe_packet(entry, packet);
  EXPECT_EQ(entry.event, "a\xC3\xA9");
  EXPECT_EQ(entry.data, R"({"c":1},2)");
  EXPECT_EQ(entry.nsp, "/n");
  EXPECT_EQ(entry.packet, "");
}

TEST(TraceEntry, hides_what_a_login_says) {
  for (const std::string packet :
       {R"(0{"token":"secret"})", R"(0/n,{"sid":"1","pid":"secret"})", R"(2["authenticate",{"token":"secret"}])",
        R"(27["\u0061uthenticate",{"token":"secret"}])", R"(51-/n,["authenticate",{"token":"secret"}])"}) {
    TraceEntry entry{.what = TraceEntry::What::received, .socket = "s"};
    describe_packet(entry, packet);
    std::string line;
    append_trace_line(line, entry, true);
    EXPECT_FALSE(line.contains("secret")) << line;
  }
}

TEST(TraceEntry, takes_nothing_for_an_events_name_that_is_none) {
  for (const std::string packet : {R"(2[{"a":"secret"}])", R"(2["secret)", R"(2["a" "secret"])", R"(2"secret")"}) {
    TraceEntry entry{.what = TraceEntry::What::received, .socket = "s"};
    describe_packet(entry, packet);
    std::string line;
    append_trace_line(line, entry, false);
    EXPECT_FALSE(line.contains("secret")) << line;
  }
}

struct Trace : RecoveryWorld {
  explicit Trace(Config config = quiet_config()) : RecoveryWorld(std::move(config)) {
    hub.events().on("ask", [](Socket& socket, const json&, Ack ack) {
      socket.emit("told", 1);
      ack(2);
    });
    hub.events().on("bye", [](Socket& socket, const json&, Ack) { socket.disconnect(true); });
    hub.events("/admin");
    start();
  }
  bool traced() const {
    return std::ranges::any_of(hub.locals, [](const auto& local) { return local->traces() != nullptr; });
  }
  Follower one{hub, 1}, other{hub, 2};
};

TEST_F(Trace, tells_what_is_sent_to_the_user_and_to_nobody_else) {
  FakeClient here(hub, 0), there(hub, 1), grace(hub, 0);
  here.log_in("ada");
  there.log_in("ada");
  grace.log_in("grace");
  one.follow("ada");
  emit("ada", note("5"));
  emit("grace", note("6"));
  EXPECT_EQ(one.take(),
            (Lines{R"({"what":"sent","event":"note","bytes":12})", R"({"what":"sent","event":"note","bytes":12})"}));
  EXPECT_EQ(here.take().back(), R"(42["note",5])");
  EXPECT_EQ(there.take().back(), R"(42["note",5])");
  EXPECT_EQ(grace.take().back(), R"(42["note",6])");
}

TEST_F(Trace, is_of_what_the_application_says_and_of_answers) {
  FakeClient ada(hub);
  ada.log_in("ada");
  one.follow("ada", true);
  ada.text(R"(27["ask",0])");
  EXPECT_EQ(one.take(), (Lines{R"({"what":"received","event":"ask","bytes":11,"data":"0"})",
                               R"({"what":"sent","event":"told","bytes":12,"data":"1"})",
                               R"({"what":"sent","packet":"ack","bytes":6,"data":"[2]"})"}));
}

TEST_F(Trace, says_of_which_job_an_event_is_and_when_its_outcome_is_confirmed) {
  FakeClient ada(hub);
  ada.log_in("ada");
  one.follow("ada");
  emit("ada", *users::job_frame(JobProgress{.job_id = "7", .progress = 50}, {}));
  emit("ada", done("7"));
  EXPECT_EQ(one.take(), (Lines{R"({"what":"sent","event":"job_progress","jobId":"7","bytes":68})",
                               R"({"what":"sent","event":"job_completed","jobId":"7","bytes":44})"}));
  ada.pong(ada.marker);
  EXPECT_EQ(one.take(), (Lines{R"({"what":"confirmed","event":"job_completed","jobId":"7"})"}));
}

TEST_F(Trace, confirms_by_one_pong_what_one_ping_stood_behind) {
  FakeClient ada(hub);
  ada.log_in("ada");
  one.follow("ada");
  emit("ada", done("1"));
  const std::uint32_t first = ada.marker;
  emit("ada", done("2"));
  ada.waiting_marker = ada.marker;  // the ping of the second waits for that of the first
  emit("ada", done("3"));
  one.take();
  ada.pong(first);
  EXPECT_EQ(one.take(), (Lines{R"({"what":"confirmed","event":"job_completed","jobId":"1"})"}));
  ada.pong(ada.marker);
  EXPECT_EQ(one.take(), (Lines{R"({"what":"confirmed","event":"job_completed","jobId":"2"})",
                               R"({"what":"confirmed","event":"job_completed","jobId":"3"})"}));
}

TEST_F(Trace, begins_with_a_login_that_comes_later_and_tells_its_replay) {
  emit("ada", done("7"));
  one.follow("ada", true);
  FakeClient ada(hub);
  ada.log_in("ada");
  const Lines told = one.take();
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[0], R"({"what":"connected"})");
  EXPECT_TRUE(told[1].contains(R"("packet":"connect")"));
  EXPECT_TRUE(told[2].contains(R"("event":"authenticated")"));
  EXPECT_TRUE(told[3].contains(R"("jobId":"7")"));
  ada.pong(ada.marker);
  EXPECT_EQ(one.take(), (Lines{R"({"what":"confirmed","event":"job_completed","jobId":"7"})"}));
}

TEST_F(Trace, tells_why_a_socket_went_and_what_it_had_not_read) {
  one.follow("ada");
  std::deque<FakeClient> clients;
  for (int i = 0; i < 3; ++i) clients.emplace_back(hub).log_in("ada");
  one.take();
  clients[0].waits = 99;
  clients[0].close(CloseReason::ping_timeout, test_now);
  clients[1].text("1");
  clients[2].waits = 50;  // nothing of which will be lost
  EXPECT_EQ(disconnect_all(*hub.locals[0], sockets_of(hub.hub, "ada")), 1u);
  EXPECT_EQ(one.take(), (Lines{R"({"what":"dropped","bytes":99})", R"({"what":"disconnected","reason":"ping timeout"})",
                               R"({"what":"received","packet":"disconnect","bytes":1})",
                               R"({"what":"disconnected","reason":"client namespace disconnect"})",
                               R"({"what":"sent","packet":"disconnect","bytes":2})",
                               R"({"what":"disconnected","reason":"server namespace disconnect"})"}));
}

TEST_F(Trace, tells_how_much_a_slow_client_had_not_read_although_it_is_given_up) {
  FakeClient ada(hub);
  ada.log_in("ada");
  one.follow("ada");
  ada.waits = 5000;
  emit("ada", note("5"));
  one.take();
  ada.waits = 0;
  ada.close(CloseReason::slow_consumer, test_now);
  EXPECT_EQ(one.take(),
            (Lines{R"({"what":"dropped","bytes":5000})", R"({"what":"disconnected","reason":"slow consumer"})"}));
}

TEST_F(Trace, shows_data_only_where_it_is_asked_for_and_cuts_it) {
  FakeClient ada(hub);
  ada.log_in("ada");
  one.follow("ada");
  other.follow("ada", true);
  emit("ada", note(R"({"secret":"s"})"));
  EXPECT_EQ(one.take(), (Lines{R"({"what":"sent","event":"note","bytes":25})"}));
  EXPECT_EQ(other.take(), (Lines{R"({"what":"sent","event":"note","bytes":25,"data":"{\"secret\":\"s\"}"})"}));
  std::string text;
  while (text.size() < kMostTracedData + 100) text += "\xC3\xA9";
  emit("ada", note('"' + text + '"'));
  const json cut = json::parse(other.take().at(0));
  EXPECT_EQ(cut.at("cut"), true);
  EXPECT_EQ(cut.at("data"), '"' + text.substr(0, kMostTracedData - 2));
}

TEST_F(Trace, is_of_one_namespace_as_of_another_and_of_bytes) {
  FakeClient ada(hub);
  ada.log_in("ada");
  ada.log_in("ada", "/admin,");
  ada.take();
  one.follow("ada", true);
  ada.text(R"(51-/admin,3["up",{"_placeholder":true,"num":0}])");
  ada.binary("bytes");
  const Lines told = one.take();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(
      told[0],
      R"({"what":"received","namespace":"/admin","event":"up","bytes":47,"data":"{\"_placeholder\":true,\"num\":0}"})");
  EXPECT_EQ(told[1], R"({"what":"received","namespace":"/admin","packet":"attachment","bytes":5})");
}

TEST_F(Trace, leaves_no_trace_when_it_ends) {
  FakeClient ada(hub);
  ada.log_in("ada");
  one.follow("ada");
  other.follow("ada");
  EXPECT_NE(ada.watcher, nullptr);
  one.end();
  emit("ada", note("5"));
  EXPECT_EQ(one.take(), Lines{});
  EXPECT_EQ(other.take().size(), 1u);
  other.end();
  EXPECT_FALSE(traced());
  EXPECT_EQ(ada.watcher, nullptr);
  EXPECT_EQ(&hub.locals[0]->link(0), &ada.link());
  emit("ada", note("6"));
  EXPECT_EQ(ada.take().back(), R"(42["note",6])");
}

TEST_F(Trace, of_another_user_goes_on_when_one_ends) {
  FakeClient ada(hub), grace(hub);
  ada.log_in("ada");
  grace.log_in("grace");
  one.follow("ada");
  other.follow("grace");
  one.end();
  EXPECT_EQ(ada.watcher, nullptr);
  emit("grace", note("5"));
  EXPECT_EQ(other.take().size(), 1u);
  other.end();
}

TEST_F(Trace, loses_lines_that_nobody_takes_and_counts_them) {
  FakeClient ada(hub);
  ada.log_in("ada");
  one.takes = false;
  one.follow("ada", true);
  const std::string large = '"' + std::string(3000, 'x') + '"';
  for (int i = 0; i < 100; ++i) emit("ada", note(large));
  EXPECT_EQ(one.tellings, 1u);  // and no second one before the first is taken
  EXPECT_EQ(one.lines.size(), 1u);
  lines_taken(hub.hub, 0, 1);
  hub.deliver();
  EXPECT_EQ(one.tellings, 2u);
  EXPECT_LT(one.lines.size(), 30u);
  EXPECT_EQ(one.lines.size() + one.lost, 100u);
}

TEST_F(Trace, of_a_user_with_many_outcomes_that_none_confirms_is_bounded) {
  FakeClient ada(hub);
  ada.log_in("ada");
  one.follow("ada");
  for (int i = 0; i < 300; ++i) emit("ada", done(std::to_string(i)));
  EXPECT_EQ(one.take().size() + one.lost, 300u + 44u);
  ada.pong(ada.marker);
  EXPECT_EQ(one.take().size(), 256u);
}

TEST_F(Trace, survives_a_client_that_goes_while_it_speaks) {
  FakeClient ada(hub);
  ada.log_in("ada");
  one.follow("ada");
  ada.text(R"(2["bye"])");
  EXPECT_EQ(ada.watcher, nullptr);
  EXPECT_EQ(one.take().back(), R"({"what":"disconnected","reason":"server namespace disconnect"})");
}

struct TraceWithPresence : Trace {
  static Config telling() {
    Config config;
    config.presence_events = true;
    return config;
  }
  TraceWithPresence() : Trace(telling()) {}
};

TEST_F(TraceWithPresence, is_of_who_comes_and_these_are_told_when_it_has_ended_too) {
  FakeClient ada(hub);
  ada.log_in("ada");
  one.follow("ada", true);
  FakeClient grace(hub);
  grace.log_in("grace");
  EXPECT_EQ(one.take(), Lines{R"({"what":"sent","event":"user_online","bytes":36,"data":"{\"userId\":\"grace\"}"})"});
  one.end();
  FakeClient bob(hub);
  bob.log_in("bob");
  hub.deliver();
  EXPECT_TRUE(ada.take().back().starts_with(R"(42["user_online",{"userId":"bob")"));
}

struct TraceWithRecovery : Trace {
  TraceWithRecovery() : Trace(recovering_config()) {}
};

TEST_F(TraceWithRecovery, tells_what_a_client_had_missed_when_it_is_back) {
  Recovering ada(hub, "ada");
  ada.connect(0);
  one.follow("ada");
  emit("ada", done("1"));
  ada.hear();
  ada.cut();
  one.take();
  emit("ada", done("2"));
  EXPECT_EQ(one.take(), Lines{});
  ada.connect(1);
  EXPECT_TRUE(ada.recovered);
  const Lines told = one.take();
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[0], R"({"what":"connected"})");
  EXPECT_TRUE(told[2].contains(R"("jobId":"2")"));
  ada.connection().pong(ada.connection().marker);
  EXPECT_EQ(one.take(), (Lines{R"({"what":"confirmed","event":"job_completed","jobId":"2"})"}));
}

}  // namespace
}  // namespace signalbox::hub::test
