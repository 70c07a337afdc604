#include "doctor/report.hpp"

#include <signalbox/json.hpp>

#include <algorithm>

#include "doctor/judge.hpp"

namespace app::doctor {
namespace {

const char* name_of(State state) {
  switch (state) {
    case State::well:
      return "well";
    case State::hurts:
      return "hurts";
    case State::unseen:
      return "unseen";
  }
  return "";
}

/// What others said goes to a terminal: it may move nothing there.
std::string printable(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

std::string report_text(const std::string& url, const Findings& findings) {
  constexpr std::size_t kName = 8;
  std::string out = url + '\n';
  for (const Finding& finding : findings) {
    std::string name = finding.state == State::hurts ? "HURTS" : name_of(finding.state);
    name.resize(kName, ' ');
    out += name + printable(finding.what) + '\n';
    if (!finding.remedy.empty()) out += std::string(kName, ' ') + "-> " + printable(finding.remedy) + '\n';
  }
  return out;
}

std::string report_json(const std::string& url, const Findings& findings) {
  auto list = signalbox::json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"check", finding.check},
                    {"state", name_of(finding.state)},
                    {"what", finding.what},
                    {"remedy", finding.remedy}});
  }
  const signalbox::json report = {{"address", url}, {"well", exit_code(findings) == 0}, {"findings", list}};
  // What a proxy said may be no UTF-8.
  return report.dump(2, ' ', false, signalbox::json::error_handler_t::replace) + '\n';
}

}  // namespace app::doctor
