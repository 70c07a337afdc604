#include <gtest/gtest.h>
#include <signalbox/config.hpp>
#include <signalbox/json.hpp>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/config_table.hpp"
#include "base/text.hpp"

namespace signalbox {
namespace {

using Map = std::map<std::string, std::string, std::less<>>;

Config load(const Map& environment, const std::vector<std::string>& flags = {}, const Variables& dotenv = {}) {
  const auto look_up = [&](std::string_view name) {
    const auto it = environment.find(name);
    return it == environment.end() ? std::nullopt : std::optional(it->second);
  };
  return load_config(flags, look_up, dotenv);
}

std::string complaint(const Map& environment, const std::vector<std::string>& flags = {}) {
  try {
    load(environment, flags);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Config, flags_count_over_the_environment_over_the_file) {
  const Variables file = {{"PORT", "1"}, {"HOST", "a"}, {"LOG_LEVEL", "warn"}, {"OF_ANOTHER_PROGRAM", "x"}};
  const Config config = load({{"PORT", "2"}, {"HOST", "b"}}, {"--port", "3"}, file);
  EXPECT_EQ(config.port, 3);
  EXPECT_EQ(config.host, "b");
  EXPECT_EQ(config.log_level, "warn");
}

TEST(Config, of_one_name_in_the_file_the_last_counts) {
  EXPECT_EQ(load({}, {}, {{"PORT", "1"}, {"PORT", "2"}}).port, 2);
}

TEST(Config, values_that_a_program_has_read_name_their_place_in_messages) {
  const Config config = Config::from_values({{"PORT", "1", "x"}, {"PORT", "2", "y"}, {"REQUIRE_EXP", "on", "z"}});
  EXPECT_EQ(config.port, 2);
  EXPECT_TRUE(config.require_exp);
  const auto complaint = [](const std::vector<ConfigValue>& values) -> std::string {
    try {
      return std::to_string(Config::from_values(values).port);
    } catch (const ConfigError& error) {
      return error.what();
    }
  };
  EXPECT_TRUE(complaint({{"PORT", "many", "option port"}}).starts_with("PORT (option port) is 'many'; "));
  EXPECT_EQ(complaint({{"PRT", "1", "option prt"}}), "there is no setting PRT (option prt)");
}

TEST(Config, the_table_as_json_has_every_setting) {
  const json table = json::parse(Config::json_table());
  ASSERT_EQ(table.size(), settings().size());
  EXPECT_EQ(table[0]["name"], "PORT");
  EXPECT_EQ(table[0]["type"], "number");
  EXPECT_EQ(table[0]["default"], "3000");
  EXPECT_EQ(table[0]["flag"], "--port");
  EXPECT_EQ(table[0]["choices"], json::array());
}

TEST(Config, the_table_as_json_has_the_words_of_settings_that_take_one_of_a_few) {
  const json table = json::parse(Config::json_table());
  const auto choices = [&](std::string_view name) {
    return std::ranges::find_if(table, [&](const json& row) { return row["name"] == name; })->at("choices");
  };
  EXPECT_EQ(choices("LISTEN"), (json{"on", "off"}));
  EXPECT_EQ(choices("LOG_FORMAT"), (json{"text", "json"}));
  EXPECT_EQ(choices("AUTH_FAILURE"), (json{"unauthorized", "connect_error"}));
}

TEST(Config, a_wrong_value_that_another_source_replaces_is_not_read) {
  EXPECT_EQ(load({{"PORT", "x"}}, {"--port=5"}).port, 5);
}

TEST(Config, every_kind_of_value_is_read) {
  const Config config = load({{"THREADS", "2"},
                              {"JWT_SECRET", "a secret"},
                              {"PING_INTERVAL_MS", "300"},
                              {"JWT_LEEWAY_S", "5"},
                              {"USER_ID_CLAIMS", "uid, sub"},
                              {"AUTH_FAILURE", "connect_error"},
                              {"TOTAL_PARTIAL_BYTES", "5000000000"}});
  EXPECT_EQ(config.threads, 2u);
  EXPECT_EQ(config.jwt_secret, "a secret");
  EXPECT_EQ(config.ping_interval, std::chrono::milliseconds(300));
  EXPECT_EQ(config.jwt_leeway, std::chrono::seconds(5));
  EXPECT_EQ(config.user_id_claims, (std::vector<std::string>{"uid", "sub"}));
  EXPECT_EQ(config.auth_failure, AuthFailure::connect_error);
  EXPECT_EQ(config.total_partial_bytes, 5'000'000'000u);
}

TEST(Config, switches_take_three_pairs_of_words) {
  for (const char* on : {"on", "true", "1"}) EXPECT_TRUE(load({{"REQUIRE_EXP", on}}).require_exp) << on;
  for (const char* off : {"off", "false", "0"}) EXPECT_FALSE(load({{"PRESENCE_EVENTS", off}}).presence_events) << off;
  EXPECT_EQ(complaint({{"REQUIRE_EXP", "yes"}}),
            "REQUIRE_EXP (environment) is 'yes'; allowed: on, off (or true, false, 1, 0)");
}

TEST(Config, a_switch_may_stand_without_its_value) {
  const Config config = load({}, {"--require-exp", "--port", "5", "--token-in-query"});
  EXPECT_TRUE(config.require_exp && config.token_in_query);
  EXPECT_EQ(config.port, 5);
}

TEST(Config, a_programs_own_arguments_are_left_to_it) {
  std::vector<std::string> arguments = {"emit",   "--port", "5",        "--require-exp",  "e",
                                        "--user", "u",      "--host=h", "--serve-client", "off",
                                        "--",     "--port", "1"};
  EXPECT_EQ(Config::take_flags(arguments),
            (std::vector<std::string>{"--port", "5", "--require-exp", "--host=h", "--serve-client", "off"}));
  EXPECT_EQ(arguments, (std::vector<std::string>{"emit", "e", "--user", "u", "--", "--port", "1"}));
}

TEST(Config, a_complaint_has_name_value_and_what_is_allowed) {
  EXPECT_EQ(complaint({}, {"--port", "65536"}), "PORT (flag) is '65536'; allowed: 0 to 65535");
  EXPECT_EQ(complaint({{"LOG_LEVEL", "loud"}}),
            "LOG_LEVEL (environment) is 'loud'; allowed: trace, debug, info, warn, error, off");
}

TEST(Config, what_is_no_number_of_the_range_is_refused) {
  for (const char* text :
       {"", " ", "abc", "-1", "+1", "1.5", "1e3", "0x10", " 1", "1 ", "99999999999999999999999", "0"}) {
    EXPECT_NE(complaint({{"PING_INTERVAL_MS", text}}), "accepted") << text;
  }
}

TEST(Config, what_could_not_hold_one_message_stops_the_start_with_a_sentence_that_names_both) {
  EXPECT_EQ(complaint({{"TOTAL_QUEUE_BYTES", "999999"}}),
            "TOTAL_QUEUE_BYTES is 999999 and MAX_PAYLOAD_BYTES is 1000000: one message could be more than all together "
            "may be; raise the first or lower the second");
  EXPECT_TRUE(complaint({{"TOTAL_PARTIAL_BYTES", "500"}, {"MAX_PAYLOAD_BYTES", "501"}})
                  .starts_with("TOTAL_PARTIAL_BYTES is 500 and MAX_PAYLOAD_BYTES is 501:"));
  EXPECT_EQ(complaint({{"TOTAL_PARTIAL_BYTES", "500"}, {"MAX_PAYLOAD_BYTES", "500"}}), "accepted");
}

TEST(Config, what_cannot_work_is_refused_and_what_is_merely_unwise_is_not) {
  for (const char* name : {"MAX_PAYLOAD_BYTES", "PREAUTH_MESSAGE_BYTES"}) {
    EXPECT_NE(complaint({{name, "127"}}), "accepted") << name << ": no login fits";
    EXPECT_EQ(complaint({{name, "128"}}), "accepted") << name;
    EXPECT_NE(complaint({{name, "900000001"}}), "accepted") << name << ": more than a row of the store takes";
  }
  EXPECT_NE(complaint({{"SEND_QUEUE_BYTES", "16383"}}), "accepted") << "closed before anything outdated is taken out";
  EXPECT_EQ(complaint({{"SEND_QUEUE_BYTES", "16384"}}), "accepted") << "less than a message is enough";
  EXPECT_NE(complaint({{"MAX_EVENT_NAME_BYTES", "12"}}), "accepted") << "no job_completed";
  EXPECT_NE(complaint({{"PING_INTERVAL_MS", "2147483647"}}), "accepted") << "a browser's timer would end at once";
}

TEST(Config, a_secret_is_never_shown) {
  for (const Setting& setting : settings()) {
    if (!setting.secret) continue;
    const std::string said = complaint({{std::string(setting.name), std::string("hush\0hush", 9)}});
    EXPECT_NE(said, "accepted");
    EXPECT_FALSE(said.contains("hush")) << said;
  }
}

TEST(Config, an_unknown_flag_is_wrong_use) {
  for (const std::vector<std::string>& flags : std::vector<std::vector<std::string>>{
           {"--prot", "1"}, {"--port"}, {"--port", "--host"}, {"port"}, {"--PORT", "1"}, {"--"}, {""}}) {
    EXPECT_THROW(load({}, flags), UnknownFlag) << flags.front();
  }
}

struct Origins {
  const char* list;
  const char* complaint;  ///< its beginning; empty: accepted
};
class CorsOrigin : public testing::TestWithParam<Origins> {};
TEST_P(CorsOrigin, is_checked_before_the_start) {
  const std::string said = check_origins(GetParam().list).value_or("");
  EXPECT_TRUE(GetParam().complaint[0] ? said.starts_with(GetParam().complaint) : said.empty())
      << GetParam().list << ": " << said;
}
INSTANTIATE_TEST_SUITE_P(
    Forms, CorsOrigin,
    testing::Values(
        Origins{"", ""}, Origins{"*", ""}, Origins{"https://example.com", ""}, Origins{"http://localhost:5173", ""},
        Origins{"https://*.example.com, http://a.b:80", ""}, Origins{"http://[::1]:3000", ""},
        Origins{"capacitor://localhost", ""},
        Origins{"example.com", "'example.com' has no scheme: write https://example.com or http://example.com"},
        Origins{"localhost:5173/x", "'localhost:5173' has no scheme"}, Origins{"null", "'null' has no scheme"},
        Origins{"https://example.com/", "'https://example.com/' has a path: write https://example.com"},
        Origins{"https://a.com/x?y", "'https://a.com/x?y' has a path: write https://a.com"},
        Origins{"https://a.com,", "an origin is missing"}, Origins{",https://a.com", "an origin is missing"},
        Origins{"https://", "'https://' is no origin"}, Origins{"https://a*.com", "'https://a*.com' is no origin"},
        Origins{"https://*", "'https://*' is no origin"}, Origins{"https://*.", "'https://*.' is no origin"},
        Origins{"https://u@a.com", "'https://u@a.com' is no origin"},
        Origins{"https://a.com:", "'https://a.com:' is no origin"},
        Origins{"https://a.com:x", "'https://a.com:x' is no origin"},
        Origins{"https://a b.com", "'https://a b.com' is no origin"}, Origins{"://a.com", "'://a.com' is no origin"},
        Origins{"http://[::1", "'http://[::1' is no origin"}));

TEST(Config, a_wrong_origin_stops_the_start_with_the_right_form) {
  EXPECT_EQ(complaint({{"CORS_ORIGIN", "https://a.com/"}}),
            "CORS_ORIGIN (environment) is 'https://a.com/'; 'https://a.com/' has a path: write https://a.com");
}

TEST(Config, the_path_begins_and_ends_with_a_slash) {
  EXPECT_EQ(load({{"SOCKET_PATH", "/live/"}}).path, "/live/");
  for (const char* path : {"/api/", "/api/live/", "", "/", "//", "live/", "/live", "/a b/", "/a?/"}) {
    EXPECT_NE(complaint({{"SOCKET_PATH", path}}), "accepted") << path;
  }
}

TEST(ConfigTable, every_default_is_a_value_that_its_setting_takes) {
  for (const Setting& setting : settings()) {
    if (!setting.unset.empty()) continue;
    Config config;
    EXPECT_TRUE(assign(setting, default_of(setting), config).has_value()) << setting.name;
  }
}

TEST(ConfigTable, names_and_flags_are_unique_and_each_entry_has_its_sentence) {
  std::set<std::string> seen;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(seen.insert(flag_of(setting)).second) << setting.name;
    EXPECT_TRUE(setting.help.ends_with('.')) << setting.name;
    EXPECT_TRUE(setting.cost.ends_with('.')) << setting.name << " does not say what it costs";
    EXPECT_TRUE(Config::help().contains(flag_of(setting) + " (" + std::string(setting.name) + ")")) << setting.name;
  }
  EXPECT_EQ(flag_of(settings()[10]), "--ping-interval-ms");
}

TEST(ConfigTable, the_documentation_page_holds_this_very_table) {
  std::ifstream file(SB_SOURCE_DIR "/docs/configuration.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  EXPECT_TRUE(page.contains(Config::markdown_table())) << "replace the table by what this prints:\n"
                                                       << Config::markdown_table();
}

/// How include/signalbox/config.hpp says what a setting is, right before its member.
std::string comment_of(const Setting& setting) {
  std::string text = std::string(setting.name) + ": " + std::string(setting.help) + ' ' + std::string(setting.cost) +
                     " Default: " + (default_of(setting).empty() ? "none" : default_of(setting));
  if (!setting.unit.empty()) text += ", in " + std::string(setting.unit);
  if (const std::string allowed = allowed_of(setting); !allowed.empty()) text += "; allowed: " + allowed;
  text += '.';
  std::string out, line = "  ///";
  for (const std::string_view word : split(text, ' ')) {
    constexpr std::size_t kColumns = 120;
    if (line.size() + 1 + word.size() > kColumns) out += std::exchange(line, "  ///") + '\n';
    (line += ' ') += word;
  }
  return out + line + '\n';
}

TEST(ConfigTable, each_member_of_config_is_said_what_the_table_says) {
  std::ifstream file(SB_SOURCE_DIR "/include/signalbox/config.hpp");
  const std::string header{std::istreambuf_iterator<char>(file), {}};
  for (const Setting& setting : settings()) {
    const std::string comment = comment_of(setting);
    const std::size_t at = header.find(comment);
    EXPECT_NE(at, header.npos) << "missing:\n" << comment;
    if (at == header.npos) continue;
    std::string member(setting.name);
    std::ranges::transform(member, member.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
    const std::string_view line = std::string_view(header)
                                      .substr(at + comment.size())
                                      .substr(0, header.find('\n', at + comment.size()) - at - comment.size());
    const bool its_own = line.contains(' ' + member) ||
                         line.contains(' ' + member.substr(0, member.rfind('_')) + '{') ||
                         (setting.name == "SOCKET_PATH" && line.contains(" path "));
    EXPECT_TRUE(its_own) << setting.name << " stands before: " << line;
  }
}

}  // namespace
}  // namespace signalbox
