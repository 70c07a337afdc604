#include "server/http_api.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>

#include "unit/hub/fake_hub.hpp"

namespace signalbox::server {
namespace {

using hub::test::FakeClient;
using hub::test::FakeHub;
using hub::test::Packets;

Config with_key() {
  Config config;
  config.api_key = "key";
  config.max_payload_bytes = 200'000;
  config.max_event_name_bytes = 16;  // of what clients emit: workers' names are another matter
  config.presence_events = false;
  return config;
}

using RequestFields = std::vector<std::pair<std::string_view, std::string_view>>;
const RequestFields kGood = {{"Authorization", "Bearer key"}, {"Content-Type", "application/json"}};

struct Api : testing::Test {
  explicit Api(const Config& config = with_key()) : hub(config) { hub.registry.start(hub.config); }

  /// Status and body, as a client would get them.
  std::string ask(std::string_view method, std::string_view target, std::string body = {},
                  RequestFields fields = kGood) {
    net::RequestHead head;
    head.method = method;
    head.target = target;
    head.path = target.substr(0, target.find('?'));
    head.query = target.find('?') == target.npos ? std::string_view{} : target.substr(target.find('?') + 1);
    head.fields = std::move(fields);
    head.content_length = body.size();
    net::Admission admission;
    auto response = api.on_head(head, admission);
    if (!response) response = api.on_request(head, body, {.number = ++number}, now);
    if (!response) return "later";
    last = *response;
    return std::to_string(response->status) + ' ' + response->body;
  }
  std::string field(std::string_view name) const {
    for (const auto& [key, value] : last.fields) {
      if (key == name) return value;
    }
    return {};
  }
  /// An answer that may come later, and here has come at once.
  std::string ask_later(std::string_view target) {
    later.clear();
    EXPECT_EQ(ask("GET", target), "later");
    return later.size() == 1 ? later[0].second : "none";
  }
  std::string emit(std::string body) { return ask("POST", "/api/emit", std::move(body)); }
  std::string error(std::string_view sentence) const { return "{\"error\":\"" + std::string(sentence) + "\"}"; }
  std::string error(std::string_view sentence, std::size_t index) const {
    return "{\"error\":\"" + std::string(sentence) + "\",\"index\":" + std::to_string(index) + "}";
  }

  FakeHub hub;
  HttpApi api{hub.config, hub.hub,
              [this](const net::RequestId& id, net::Response response) {
                later.emplace_back(id.number, std::to_string(response.status) + ' ' + response.body);
                const auto link =
                    std::ranges::find(response.fields, "Link", &std::pair<std::string, std::string>::first);
                links.push_back(link == response.fields.end() ? "" : link->second);
              },
              [this](const net::RequestId& id, TimePoint) { followers.push_back(id.number); }};
  std::vector<std::pair<std::uint32_t, std::string>> later;
  std::vector<std::string> links;  ///< of these
  std::vector<std::uint32_t> followers;
  std::uint32_t number = 0;
  TimePoint now{};
  net::Response last;
};

TEST_F(Api, emits_and_tells_how_many_had_someone_to_receive_them) {
  FakeClient ada(hub);
  ada.log_in("ada");
  ada.take();
  EXPECT_EQ(emit(R"({"userId":"ada","event":"job_progress","data":{"jobId": 7, "progress":5.0}})"),
            R"(202 {"accepted":1,"online":1})");
  EXPECT_EQ(emit(R"([{"userId":"ada","event":"x"},{"userId":"nobody","event":"x","data":1}])"),
            R"(202 {"accepted":2,"online":1})");
  hub.deliver();
  EXPECT_EQ(ada.take(), (Packets{R"(42["job_progress",{"jobId": 7, "progress":5.0}])", R"(42["x",null])"}));
}

TEST_F(Api, takes_event_names_of_256_bytes_whatever_clients_may_emit) {
  const auto named = [](std::size_t size) {
    return R"({"userId":"nobody","event":")" + std::string(size, 'x') + "\"}";
  };
  EXPECT_EQ(emit(named(256)), R"(202 {"accepted":1,"online":0})");
  EXPECT_EQ(emit(named(257)), "400 " + error("event: An event's name is UTF-8 text of 1 to 256 bytes."));
}

TEST_F(Api, takes_an_integer_as_user_with_its_digits_as_they_stand) {
  FakeClient one(hub), other(hub);
  one.log_in("9007199254740993");
  other.log_in("9007199254740992");
  one.take(), other.take();
  EXPECT_EQ(emit(R"({"userId":9007199254740993,"event":"x"})"), R"(202 {"accepted":1,"online":1})");
  hub.deliver();
  EXPECT_EQ(one.take().size(), 1u);
  EXPECT_EQ(other.take(), Packets{});
}

TEST_F(Api, accepts_all_or_none) {
  FakeClient ada(hub);
  ada.log_in("ada");
  ada.take();
  EXPECT_EQ(emit(R"([{"userId":"ada","event":"x"},{"userId":"ada","event":"connect"}])"),
            "400 " + error("[1] event: Socket.IO keeps this event's name for itself.", 1));
  hub.deliver();
  EXPECT_EQ(ada.take(), Packets{});
}

TEST_F(Api, says_what_is_wrong_and_where) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "The body is not JSON that a browser can read: it is empty."},
      {"{\"userId\":", "The body is not JSON that a browser can read: the fault is at byte 11."},
      {"7", "An event is an object: {\\\"userId\\\", \\\"event\\\", \\\"data\\\"}."},
      {R"({"event":"x"})", "userId: is missing."},
      {R"({"userId":"a"})", "event: is missing."},
      {R"({"userId":"a","event":7})", "event: give text."},
      {R"({"userId":1.5,"event":"x"})",
       "userId: give text of 1 to 256 bytes without control characters, or an integer."},
      {R"({"userId":"","event":"x"})",
       "userId: give text of 1 to 256 bytes without control characters, or an integer."},
      {R"({"userId":"a","userId":"b","event":"x"})", "userId: stands there twice."},
      {R"({"userId":"a","event":"disconnect"})", "event: Socket.IO keeps this event's name for itself."},
      {R"({"userId":"a","event":"job_failed","data":{"jobId":")" + std::string(257, 'x') + "\"}}",
       "data.jobId: A job's id is text of at most 256 bytes, or an integer of as many digits."},
  };
  for (const auto& [body, sentence] : cases) EXPECT_EQ(emit(body), "400 " + error(sentence)) << body;
  for (const char* data : {"1e400", "\"\\ud800\"", "\"\xff\""}) {
    EXPECT_TRUE(emit(std::string(R"({"userId":"a","event":"x","data":)") + data + "}").starts_with("400 ")) << data;
  }
}

TEST_F(Api, names_the_event_of_an_array_whose_fault_it_is) {
  const std::string good = R"({"userId":"a","event":"x","data":[1,{"b":[]}]})";
  const auto amid = [&good](const std::string& bad) { return "[" + good + "," + good + "," + bad + "," + good + "]"; };
  const auto data = [](const std::string& json) { return R"({"userId":"a","event":"x","data":)" + json + "}"; };
  for (const std::string& bad :
       {std::string("7"), std::string(R"({"userId":"a"})"), data("1e400"), data("\"\\ud800\""), data("\"\xff\""),
        data("[tru]"), data(std::string(200, '[') + std::string(200, ']'))}) {
    const std::string answer = emit(amid(bad));
    EXPECT_TRUE(answer.starts_with("400 ") && answer.ends_with(",\"index\":2}")) << bad << "\n" << answer;
  }
  for (const std::string& none : {std::string(R"({"userId":"a"})"), data("1e400"), amid(good) + "]",
                                  "[" + good + " " + good + "]", "[" + good + ",tru]", std::string("[")}) {
    const std::string answer = emit(none);
    EXPECT_TRUE(answer.starts_with("400 ") && answer.find("index") == answer.npos) << none << "\n" << answer;
  }
}

TEST_F(Api, names_the_event_whose_user_has_too_many_unread_outcomes) {
  const std::string outcome = R"({"userId":"away","event":"job_failed","data":{"jobId":")";
  const auto job = [&outcome](std::size_t i) { return outcome + std::to_string(i) + "\"}}"; };
  for (std::size_t i = 0; i < hub.config.unread_outcomes_per_user; ++i) ASSERT_TRUE(emit(job(i)).starts_with("202"));
  const std::string answer = emit(R"([{"userId":"ada","event":"x"},)" + job(1'000'000) + "]");
  EXPECT_TRUE(answer.starts_with("429 ") && answer.ends_with(",\"index\":1}")) << answer;
}

TEST_F(Api, has_who_asks_for_events_follow_who_is_online) {
  const auto accepting = [this](std::string_view types) {
    RequestFields fields = kGood;
    fields.emplace_back("Accept", types);
    ask("GET", "/api/presence", {}, fields);
    return std::exchange(followers, {}).size() == 1;
  };
  EXPECT_TRUE(accepting("text/event-stream"));
  EXPECT_TRUE(accepting("application/json;q=0.1,\ttext/Event-Stream ;q=1"));
  EXPECT_FALSE(accepting("*/*"));
  EXPECT_FALSE(accepting("text/event-streams, text/*"));
  EXPECT_FALSE(accepting(""));
}

struct FullApi : Api {
  FullApi() : Api(no_room()) {}
  static Config no_room() {
    Config config = with_key();
    config.unread_total_bytes = 1;
    return config;
  }
};

TEST_F(FullApi, refuses_outcomes_past_the_memory_for_unread_ones_with_a_sentence_and_takes_progress) {
  EXPECT_EQ(emit(R"({"userId":"a","event":"job_failed","data":{"jobId":"7"}})"),
            "429 " + error("The unread outcomes of all users take UNREAD_TOTAL_BYTES: outcomes are refused until some "
                           "are received."));
  EXPECT_EQ(field("Retry-After"), "1");
  EXPECT_EQ(emit(R"({"userId":"a","event":"job_progress","data":{"jobId":"7"}})"), R"(202 {"accepted":1,"online":0})");
}

TEST_F(Api, counts_the_depth_of_data_alone) {
  const auto nested = [](std::size_t depth) {
    return R"([{"userId":"a","event":"x","data":)" + std::string(depth, '[') + std::string(depth, ']') + "}]";
  };
  EXPECT_TRUE(emit(nested(128)).starts_with("202"));
  EXPECT_EQ(emit(nested(129)),
            "400 " + error("The body is not JSON that a browser can read: it is nested deeper than 128.", 0));
}

TEST_F(Api, takes_a_thousand_events_and_no_more) {
  const auto events = [](int count) {
    std::string body = "[";
    for (int i = 0; i < count; ++i) body += std::string(i ? "," : "") + R"({"userId":"a","event":"x"})";
    return body + "]";
  };
  EXPECT_EQ(emit(events(1000)), R"(202 {"accepted":1000,"online":0})");
  EXPECT_EQ(emit(events(1001)), "400 " + error("The array holds more than 1000 events."));
  EXPECT_EQ(emit("[]"), R"(202 {"accepted":0,"online":0})");
}

TEST_F(Api, refuses_in_its_order_from_the_head_alone) {
  const RequestFields json = {{"Content-Type", "application/json"}};
  EXPECT_EQ(ask("POST", "/api/nothing", "", json).substr(0, 3), "401");
  EXPECT_EQ(field("WWW-Authenticate"), "Bearer");
  for (const char* wrong : {"Bearer no", "key", "Basic key", "Bearer ", "Bearer key2"}) {
    EXPECT_EQ(ask("POST", "/api/emit", "{}", {{"Authorization", wrong}}).substr(0, 3), "401") << wrong;
  }
  EXPECT_EQ(
      ask("POST", "/api/emit", "{}", {{"Authorization", "Bearer key"}, {"Authorization", "Bearer key"}}).substr(0, 3),
      "401");
  EXPECT_EQ(ask("POST", "/api/nothing").substr(0, 3), "404");
  EXPECT_EQ(ask("GET", "/api/emit").substr(0, 3), "405");
  EXPECT_EQ(field("Allow"), "POST");
  EXPECT_EQ(ask("DELETE", "/api/presence").substr(0, 3), "405");
  EXPECT_EQ(field("Allow"), "GET, HEAD");
  EXPECT_EQ(ask("POST", "/api/emit", std::string(200'001, ' '),
                {{"Authorization", "Bearer key"}, {"Content-Type", "text/plain"}})
                .substr(0, 3),
            "415");
  EXPECT_EQ(ask("POST", "/api/emit", std::string(200'001, ' ')).substr(0, 3), "413");
  EXPECT_EQ(ask("GET", "/healthz", "", {}), R"(200 {"status":"ok"})") << "without a key";
}

TEST(ApiDescription, names_the_operations_that_there_are) {
  std::ifstream file(SB_SOURCE_DIR "/docs/openapi.yaml");
  std::vector<std::string> described;
  for (std::string line, path; std::getline(file, line) && line != "components:";) {
    if (line.starts_with("  /")) path = line.substr(2, line.size() - 3);
    for (const char* method : {"get", "post", "put", "patch", "delete"}) {
      if (line == "    " + std::string(method) + ':') described.push_back(std::string(method) + ' ' + path);
    }
  }
  std::vector<std::string> there = HttpApi::operations();
  for (std::string& one : there) {
    std::ranges::transform(one.begin(), std::ranges::find(one, ' '), one.begin(),
                           [](unsigned char c) { return std::tolower(c); });
  }
  EXPECT_EQ(std::multiset<std::string>(there.begin(), there.end()),
            std::multiset<std::string>(described.begin(), described.end()));
}

TEST(ApiWithoutKey, is_closed_and_says_so) {
  FakeHub hub;
  HttpApi api(
      hub.config, hub.hub, [](const net::RequestId&, net::Response) {}, [](const net::RequestId&, TimePoint) {});
  net::RequestHead head;
  head.method = "POST";
  head.path = "/api/emit";
  head.fields = {{"Authorization", "Bearer "}};
  net::Admission admission;
  const auto refusal = api.on_head(head, admission);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 403);
  EXPECT_NE(refusal->body.find("no API_KEY is configured"), std::string::npos);
}

TEST_F(Api, answers_a_repeat_with_the_same_key_without_emitting_again) {
  FakeClient ada(hub);
  ada.log_in("ada");
  ada.take();
  RequestFields keyed = kGood;
  keyed.emplace_back("Idempotency-Key", "k1");
  const std::string body = R"({"userId":"ada","event":"x"})";
  EXPECT_EQ(ask("POST", "/api/emit", body, keyed), R"(202 {"accepted":1,"online":1})");
  ada.close(CloseReason::transport_close, now);
  EXPECT_EQ(ask("POST", "/api/emit", body, keyed), R"(202 {"accepted":1,"online":1})")
      << "the first answer, not a new count";
  EXPECT_EQ(ask("POST", "/api/emit", R"({"userId":"ada","event":"y"})", keyed).substr(0, 3), "409");
  RequestFields empty = kGood;
  empty.emplace_back("Idempotency-Key", "");
  EXPECT_EQ(ask("POST", "/api/emit", body, empty).substr(0, 3), "400");
}

TEST_F(Api, tells_of_a_users_jobs_in_pages_of_no_more_than_may_wait_for_a_client) {
  const std::string data(100'000, 'x');
  for (int i = 1; i <= 12; ++i) {
    ASSERT_EQ(emit(R"({"userId":"ada","event":"job_completed","data":{"jobId":)" + std::to_string(i) +
                   R"(,"result":")" + data + "\"}}"),
              R"(202 {"accepted":1,"online":0})");
  }
  ASSERT_EQ(ask("GET", "/api/users/ada/jobs"), "later");
  EXPECT_LE(later.back().second.size(), hub.config.send_queue_bytes);
  EXPECT_TRUE(later.back().second.starts_with(R"(200 [{"jobId":"1")"));
  EXPECT_EQ(links.back(), R"(<?after=10&limit=1000>; rel="next")");
  ASSERT_EQ(ask("GET", "/api/users/ada/jobs?after=10&limit=1000"), "later");
  EXPECT_TRUE(later.back().second.starts_with(R"(200 [{"jobId":"11")"));
  EXPECT_EQ(links.back(), "");
  ASSERT_EQ(ask("GET", "/api/users/ada/jobs?limit=1&after=11"), "later");
  hub.turn();  // a turn gives about a MiB of answers
  EXPECT_TRUE(later.back().second.starts_with(R"(200 [{"jobId":"12")"));
  EXPECT_EQ(ask("GET", "/api/users/ada/jobs?limit=1001"),
            "400 " + error("limit: give one whole number from 1 to 1000."));
  EXPECT_EQ(ask("GET", "/api/users/ada/jobs?after=ada"),
            "400 " + error("after: give one number, that of the Link in an answer."));
}

TEST_F(Api, tells_who_is_online_in_pages) {
  std::vector<std::unique_ptr<FakeClient>> clients;
  for (const char* user : {"c", "a", "b/d ", "ü"}) {
    clients.push_back(std::make_unique<FakeClient>(hub));
    clients.back()->log_in(user);
  }
  EXPECT_EQ(ask_later("/api/presence"), R"(200 {"count":4,"users":["a","b/d ","c","ü"]})");
  EXPECT_EQ(ask_later("/api/presence?limit=2"), R"(200 {"count":4,"users":["a","b/d "]})");
  EXPECT_EQ(ask_later("/api/presence?limit=2&after=b%2Fd%20"), R"(200 {"count":4,"users":["c","ü"]})");
  EXPECT_EQ(ask_later("/api/presence?after=zz"), R"(200 {"count":4,"users":["ü"]})");
  for (const char* bad :
       {"limit=0", "limit=10001", "limit=x", "limit=", "limit=1&limit=2", "after=%", "after=a&after=b"}) {
    EXPECT_EQ(ask("GET", "/api/presence?" + std::string(bad)).substr(0, 3), "400") << bad;
  }
  EXPECT_EQ(ask("GET", "/api/presence/b%2Fd%20"), R"(200 {"userId":"b/d ","online":true,"connections":1})");
  EXPECT_EQ(ask("GET", "/api/presence/a+b"), R"(200 {"userId":"a+b","online":false,"connections":0})");
  EXPECT_EQ(ask("GET", "/api/presence/a/b").substr(0, 3), "404");
  EXPECT_EQ(ask("GET", "/api/presence/%00").substr(0, 3), "400");
}

}  // namespace
}  // namespace signalbox::server
