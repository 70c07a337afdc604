#include "doctor/judge.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace app::doctor {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kNow = 1'700'000'000, kDay = 86400;
const Outcome kFine{.status = 200};

/// A server behind a proxy with TLS, of which all is well.
Observations healthy() {
  const Session session{.opened = kFine,
                        .login = kFine,
                        .verdict = Verdict{.accepted = true, .has_user = true},
                        .echo_bytes = 999'936,
                        .echo = kFine};
  return {.address = "https://app.example.com",
          .path = "/socket.io/",
          .origin = "https://example.com",
          .tls = true,
          .public_address = true,
          .token_given = true,
          .certificate = Certificate{.of_host = true, .expires_at = kNow + 60 * kDay},
          .now = kNow,
          .date = kNow + 1,
          .handshake = {.status = 200, .took = 12ms},
          .opening = Opening{.sid = "a"},
          .allowed_origin = "https://example.com",
          .second_requests = std::vector<Outcome>(8, kFine),
          .polling = session,
          .websocket = session,
          .upgrade = kFine,
          .websocket_of_origin = kFine,
          .polling_silence = Silence{.watched = 70s, .lasted = 70s},
          .websocket_silence = Silence{.watched = 70s, .lasted = 70s},
          .api = {.status = 404}};
}

/// What hurts, by the names of the checks.
std::vector<std::string> hurting(const Observations& seen) {
  std::vector<std::string> out;
  for (const Finding& finding : judge(seen)) {
    if (finding.state == State::hurts) out.push_back(finding.check);
  }
  return out;
}

/// The finding of that check, which must be there.
Finding finding(const Observations& seen, const std::string& check) {
  const Findings all = judge(seen);
  const auto found = std::find_if(all.begin(), all.end(), [&](const Finding& one) { return one.check == check; });
  return found == all.end() ? Finding{.what = "there is no finding " + check} : *found;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

using Names = std::vector<std::string>;

TEST(Judgement, of_a_healthy_server_is_that_nothing_hurts) {
  EXPECT_EQ(hurting(healthy()), Names{});
  EXPECT_EQ(exit_code(judge(healthy())), 0);
  for (const Finding& one : judge(healthy())) EXPECT_EQ(one.state, State::well) << one.what;
}

TEST(Judgement, of_whatever_hurts_has_a_sentence_and_a_remedy) {
  Observations seen = healthy();
  seen.upgrade = Outcome{.status = 400, .body = R"({"code":3,"message":"Bad request"})", .trouble = "400"};
  const Finding upgrade = finding(seen, "upgrade");
  EXPECT_TRUE(contains(upgrade.what, "without Upgrade")) << upgrade.what;
  EXPECT_TRUE(contains(upgrade.remedy, "proxy_http_version 1.1")) << upgrade.remedy;
  EXPECT_EQ(exit_code(judge(seen)), 1);
}

TEST(Judgement, of_a_server_that_does_not_answer_is_that_alone) {
  const Observations seen{.no_answer = "no server at a.example:443: Connection refused"};
  EXPECT_EQ(hurting(seen), Names{"reach"});
  EXPECT_EQ(judge(seen).size(), 1U);
  EXPECT_EQ(exit_code(judge(seen)), 2);
}

TEST(Judgement, of_a_certificate_stands_beside_no_answer) {
  Observations seen = healthy();
  seen.no_answer = "it was closed";
  seen.certificate->of_host = false;
  EXPECT_EQ(hurting(seen), (Names{"reach", "certificate"}));
}

TEST(Judgement, knows_a_port_that_wants_https) {
  Observations seen = healthy();
  seen.opening.reset();
  seen.tls = seen.public_address = false;
  for (const char* body :
       {"The plain HTTP request was sent to HTTPS port", "Client sent an HTTP request to an HTTPS server."}) {
    seen.handshake = {.status = 400, .body = body};
    EXPECT_TRUE(contains(finding(seen, "handshake").remedy, "Write https://")) << body;
  }
}

TEST(Judgement, knows_a_cut_path_from_one_that_is_not_there) {
  Observations seen = healthy();
  seen.opening.reset();
  seen.handshake = {.status = 404};
  seen.doubled = Outcome{.status = 404};
  EXPECT_TRUE(contains(finding(seen, "handshake").what, "There is nothing at /socket.io/"));
  seen.doubled = Outcome{.status = 200, .body = R"(0{"sid":"a"})"};
  EXPECT_TRUE(contains(finding(seen, "handshake").what, "cuts the path"));
}

TEST(Judgement, says_of_each_handshake_that_failed_what_else_answers) {
  const std::pair<int, const char*> cases[] = {
      {502, "does not reach"},   {429, "too few requests"}, {504, "does not reach"}, {301, "redirects"},
      {401, "login of its own"}, {403, "is refused"},       {200, "Something else"}, {418, "418"}};
  for (const auto& [status, words] : cases) {
    Observations seen = healthy();
    seen.opening.reset();
    seen.handshake = {.status = status, .body = "<html>"};
    seen.location = "https://example.com/";
    EXPECT_TRUE(contains(finding(seen, "handshake").what, words)) << finding(seen, "handshake").what;
    EXPECT_EQ(hurting(seen), Names{"handshake"});
  }
}

TEST(Judgement, of_sessions_that_are_unknown_at_once_is_several_servers) {
  Observations seen = healthy();
  seen.second_requests[3] = {.status = 400, .body = R"({"code":1,"message":"Session ID unknown"})", .trouble = "400"};
  EXPECT_TRUE(contains(finding(seen, "nodes").what, "Of 8 sessions 1 were unknown"));
  EXPECT_TRUE(contains(finding(seen, "nodes").remedy, "REDIS_URL"));
}

TEST(Judgement, of_a_certificate_is_its_end_its_name_and_its_chain) {
  const std::pair<Certificate, const char*> cases[] = {
      {{.of_host = true, .expires_at = kNow - 3 * kDay}, "expired 3 days ago"},
      {{.of_host = true, .begins_at = kNow + 3600, .expires_at = kNow + 60 * kDay}, "good only in 1 hours"},
      {{.of_host = true, .expires_at = kNow + 5 * kDay}, "expires in 5 days"},
      {{.of_host = false, .expires_at = kNow + 60 * kDay}, "not for the host"},
      {{.problem = "self-signed certificate", .of_host = true, .expires_at = kNow + 60 * kDay}, "self-signed"}};
  for (const auto& [shown, words] : cases) {
    Observations seen = healthy();
    seen.certificate = shown;
    EXPECT_TRUE(contains(finding(seen, "certificate").what, words)) << finding(seen, "certificate").what;
  }
}

TEST(Judgement, wants_tls_on_the_internet_alone) {
  Observations seen = healthy();
  seen.tls = false;
  seen.certificate.reset();
  seen.origin = "http://example.com";
  seen.allowed_origin = seen.origin;
  EXPECT_EQ(hurting(seen), Names{"certificate"});
  seen.public_address = false;
  EXPECT_EQ(hurting(seen), Names{});
}

TEST(Token, is_shown_to_nobody_who_cannot_be_trusted) {
  Observations seen = healthy();
  EXPECT_EQ(why_withheld(seen), "");
  seen.certificate->problem = "self-signed certificate";
  EXPECT_NE(why_withheld(seen), "");
  seen.tls = false;
  EXPECT_NE(why_withheld(seen), "") << "in clear over the internet";
  seen.public_address = false;
  EXPECT_EQ(why_withheld(seen), "");
}

TEST(Judgement, of_a_refused_token_has_the_servers_reason_and_ours) {
  Observations seen = healthy();
  seen.websocket->verdict = Verdict{.code = "token_expired", .message = "The token has expired."};
  seen.token_points = {{.accepted = true, .says = "It says HS256."},
                       {.accepted = false, .says = "It expired an hour ago."}};
  EXPECT_EQ(finding(seen, "token").what,
            "The server refuses the token: The token has expired. It expired an hour ago.");
  seen.token_points = {{.accepted = true, .says = "It says HS256."}};
  EXPECT_TRUE(contains(finding(seen, "token").what, "By the secret and the clock here it would be accepted."));
  seen.token_points = {{.accepted = false, .says = "The token has expired."}};
  EXPECT_EQ(finding(seen, "token").what, "The server refuses the token: The token has expired.") << "once is enough";
}

TEST(Judgement, of_origins_is_what_a_browser_would_do) {
  const std::tuple<const char*, int, const char*> cases[] = {
      {"", 200, "no Access-Control-Allow-Origin"},
      {"https://other.org", 200, "Pages of https://other.org may connect, and"},
      {"*, https://example.com", 200, "second"},
      {"https://example.com", 403, "WebSocket of a page"},
      {"*", 200, "may connect."},
      {"https://example.com", 200, "may connect."}};
  for (const auto& [allowed, status, words] : cases) {
    Observations seen = healthy();
    seen.allowed_origin = allowed;
    seen.websocket_of_origin->status = status;
    EXPECT_TRUE(contains(finding(seen, "cors").what, words)) << allowed << ' ' << finding(seen, "cors").what;
  }
}

TEST(Judgement, of_a_page_of_https_wants_tls) {
  Observations seen = healthy();
  seen.tls = seen.public_address = false;
  seen.certificate.reset();
  EXPECT_TRUE(contains(finding(seen, "cors").what, "mixed content"));
  seen.local_name = true;
  EXPECT_EQ(hurting(seen), Names{}) << "browsers take this machine as safe";
}

TEST(Judgement, of_a_page_of_the_same_host_wants_no_field_but_the_host_as_it_came) {
  Observations seen = healthy();
  seen.origin = "https://app.example.com";
  seen.allowed_origin.clear();
  EXPECT_EQ(hurting(seen), Names{});
  seen.websocket_of_origin->status = 403;
  EXPECT_TRUE(contains(finding(seen, "cors").remedy, "pass Host on"));
}

TEST(Judgement, of_a_line_that_was_cut_says_when_and_which_time_would_do) {
  Observations seen = healthy();
  seen.websocket_silence =
      Silence{.watched = 70s, .lasted = 30s, .end = Silence::End::cut, .cut = "the connection ended"};
  EXPECT_TRUE(contains(finding(seen, "silence").what, "WebSocket was cut off after 30 s"));
  EXPECT_TRUE(contains(finding(seen, "silence").remedy, "more than 45 s"));
}

TEST(Judgement, of_a_silence_says_who_ended_it) {
  Observations seen = healthy();
  seen.polling_silence = Silence{.watched = 70s, .lasted = 70s, .end = Silence::End::no_heartbeat};
  EXPECT_TRUE(contains(finding(seen, "silence").what, "No heartbeat arrived over a silent polling request in 70 s"));
  seen.polling_silence = Silence{.watched = 70s, .lasted = 45s, .end = Silence::End::by_server};
  EXPECT_TRUE(contains(finding(seen, "silence").what, "The server itself closed"));
  seen.polling_silence->login = false;
  EXPECT_EQ(finding(seen, "silence").state, State::unseen) << "as CONNECT_TIMEOUT_MS wants it";
}

TEST(Judgement, of_a_silence_without_a_heartbeat_is_no_good_news) {
  Observations seen = healthy();
  EXPECT_EQ(finding(seen, "silence").what, "Silent connections last 70 s, with nothing but a heartbeat every 25 s.");
  seen.opening->ping_interval = 600s;
  EXPECT_EQ(finding(seen, "silence").state, State::unseen);
}

TEST(Judgement, of_what_was_left_out_is_that_it_was_not_seen_and_hurts_nobody) {
  Observations seen = healthy();
  seen.origin.clear();
  seen.polling_silence.reset();
  seen.websocket_silence.reset();
  EXPECT_EQ(finding(seen, "cors").state, State::unseen);
  EXPECT_EQ(finding(seen, "silence").state, State::unseen);
  EXPECT_EQ(exit_code(judge(seen)), 0);
}

TEST(Judgement, of_slow_answers_is_that_something_holds_them_back) {
  Observations seen = healthy();
  seen.polling->login.took = 5s;
  EXPECT_EQ(hurting(seen), Names{"polling"});
}

TEST(Judgement, of_a_limit_of_bodies_names_the_size) {
  Observations seen = healthy();
  seen.polling->echo = Outcome{.status = 413, .trouble = "413"};
  EXPECT_TRUE(contains(finding(seen, "large").what, "999936 bytes over polling"));
}

TEST(Judgement, of_clocks_bears_half_a_minute) {
  Observations seen = healthy();
  seen.date = kNow + 30;
  EXPECT_EQ(hurting(seen), Names{});
  seen.date = kNow - 31;
  EXPECT_TRUE(contains(finding(seen, "clock").what, "31 s behind"));
}

TEST(Judgement, of_the_workers_interface_is_that_the_world_must_not_reach_it) {
  Observations seen = healthy();
  seen.api = {.status = 401, .body = R"({"error":"Give the server's API_KEY: …"})"};
  EXPECT_EQ(hurting(seen), Names{"api"});
  seen.tls = seen.public_address = false;
  seen.origin.clear();
  EXPECT_EQ(hurting(seen), Names{}) << "on this machine, or in a network of one's own";
  seen = healthy();
  seen.api = {.status = 401, .body = "a proxy's own login"};
  EXPECT_EQ(hurting(seen), Names{});
}

}  // namespace
}  // namespace app::doctor
