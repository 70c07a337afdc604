#include <signalbox/middleware/auth.hpp>

#include <unistd.h>

#include <iostream>

#include "commands.hpp"
#include "doctor/judge.hpp"
#include "doctor/look.hpp"
#include "doctor/report.hpp"
#include "doctor/url.hpp"
#include "process.hpp"
#include "typed_token.hpp"

namespace app {
namespace {

constexpr int kWrongUse = 2;

void tell_of_wait(std::chrono::milliseconds time) {
  if (::isatty(STDERR_FILENO) == 1)
    std::cerr << "Connections are silent now, for " << time.count() / 1000 << " s; --quick leaves that out."
              << std::endl;
}

std::vector<doctor::TokenPoint> points_of(const signalbox::Config& config, const std::string& token) {
  std::vector<doctor::TokenPoint> out;
  if (config.jwt_secret.empty() || token.empty()) return out;
  for (const signalbox::TokenCheck& check : signalbox::explain_token(token, config))
    out.push_back({.accepted = check.accepted, .says = check.says});
  return out;
}

}  // namespace

int run_doctor(const signalbox::Config& config, const DoctorRequest& request) try {
  ignore_signals_of_writes();
  const doctor::Visit visit{.url = request.url,
                            .address = doctor::parse_url(request.url, config.path),
                            .token = typed_token(request.token),
                            .origin = doctor::origin_of_page(request.origin),
                            .quick = request.quick,
                            .on_wait = tell_of_wait};
  doctor::Observations seen = doctor::look(visit);
  seen.token_points = points_of(config, visit.token);
  const doctor::Findings findings = doctor::judge(seen);
  std::cout << (request.json ? doctor::report_json : doctor::report_text)(request.url, findings);
  return doctor::exit_code(findings);
} catch (const std::invalid_argument& error) {
  std::cerr << "signalbox: " << error.what() << '\n';
  return kWrongUse;
}

}  // namespace app
