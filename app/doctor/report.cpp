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

/// Others may have said much of it.
std::string shortened(std::string text) {
  constexpr std::size_t kMost = 600;
  if (text.size() <= kMost) return text;
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // inside a character
  return text.substr(0, end) + "…";
}

/// What others said goes to a terminal: it may move nothing there, by no control character of ASCII or of Unicode.
std::string printable(std::string text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (text[i - 1] == '\xc2' && byte >= 0x80 && byte < 0xa0) text[i - 1] = text[i] = ' ';
  }
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return shortened(std::move(text));
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
                    {"what", shortened(finding.what)},
                    {"remedy", finding.remedy}});
  }
  const signalbox::json report = {{"address", url}, {"well", exit_code(findings) == 0}, {"findings", list}};
  // What a proxy said may be no UTF-8.
  return report.dump(2, ' ', false, signalbox::json::error_handler_t::replace) + '\n';
}

}  // namespace app::doctor
