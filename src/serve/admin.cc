// The operators' pages; see admin.h.
#include "serve/admin.h"

#include <utility>

namespace ashlar::serve {

namespace {

constexpr uint16_t kOk = 200, kSeeOther = 303, kNotFound = 404, kMethodNotAllowed = 405;

constexpr std::string_view kPage = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Ashlar</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222; background: #fff }
  h1 { font-size: 1.3rem }
  table { border-collapse: collapse; width: 100% }
  th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #ddd; font-variant-numeric: tabular-nums }
  th:first-child, td:first-child { text-align: left }
  .bad { color: #b00020; font-weight: 600 }
  p { color: #555 }
  @media (prefers-color-scheme: dark) {
    body { color: #ddd; background: #181818 } th, td { border-color: #444 } p { color: #aaa } .bad { color: #ff8a80 }
  }
</style>
<h1>Ashlar</h1>
<p id="process">loading</p>
<table>
  <thead><tr><th>route<th>requests/s<th>in flight<th>requests<th>5xx<th>traps<th>interrupted<th>p50 &le;<th>p99 &le;<th>in<th>out</tr></thead>
  <tbody id="routes"></tbody>
</table>
<script>
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const size = n => { let i = 0; while (n >= 1024 && i < 4) { n /= 1024; i++ } return n.toFixed(i ? 1 : 0) + ' ' + units[i] };
  const time = s => s < 120 ? s.toFixed(0) + ' s' : s < 7200 ? (s / 60).toFixed(0) + ' min' : (s / 3600).toFixed(1) + ' h';
  let before = null;
  async function look() {
    try {
      const now = await (await fetch('status.json')).json();
      const passed = before ? now.uptime_seconds - before.uptime_seconds : 0;
      const cpu = passed ? ', ' + (100 * (now.cpu_seconds - before.cpu_seconds) / passed).toFixed(0) + ' % of a core' : '';
      document.getElementById('process').textContent = 'up ' + time(now.uptime_seconds) + ', ' + size(now.resident_bytes) +
        ' resident' + cpu + ', ' + now.threads + ' threads, ' + now.descriptors + ' descriptors';
      const body = document.createElement('tbody');
      body.id = 'routes';
      for (const r of now.routes) {
        const old = before && before.routes.find(o => o.name === r.name);
        const rate = old && passed ? ((r.requests - old.requests) / passed).toFixed(0) : '';
        const row = body.insertRow();
        for (const cell of [r.name || '(no route)', rate, r.in_flight, r.requests, r.server_errors, r.traps, r.interrupted,
                            r.p50_ms + ' ms', r.p99_ms + ' ms', size(r.bytes_in), size(r.bytes_out)])
          row.insertCell().textContent = cell;
        for (const i of [4, 5, 6]) if (row.cells[i].textContent !== '0') row.cells[i].className = 'bad';
      }
      document.getElementById('routes').replaceWith(body);
      before = now;
    } catch (e) {
      document.getElementById('process').textContent = 'the server does not answer';
    }
    setTimeout(look, 1000);
  }
  look();
</script>
</html>
)html";

void answer_with(http::Answer& answer, uint16_t status, std::string_view type, std::string_view text,
                 wasi::host::HttpFields fields = {}) {
  wasi::host::HttpResponse response;
  response.status = status;
  response.fields = std::move(fields);
  response.fields.push_back({"content-type", std::string(type)});
  response.fields.push_back({"cache-control", "no-store"});
  response.body = std::make_shared<wasi::host::HttpBody>();
  response.body->length = text.size();
  response.body->write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  response.body->end();
  answer.respond(std::move(response));
}

}  // namespace

http::Handler admin_handler(std::shared_ptr<Observation> observation, std::string version) {
  return [observation = std::move(observation), version = std::move(version)](wasi::host::HttpRequest request,
                                                                              std::shared_ptr<http::Answer> answer) {
    constexpr std::string_view kText = "text/plain; charset=utf-8";
    if (request.method != "GET" && request.method != "HEAD") {
      return answer_with(*answer, kMethodNotAllowed, kText, "405 Method Not Allowed\n", {{"allow", "GET, HEAD"}});
    }
    const std::string_view path = std::string_view(request.path).substr(0, request.path.find('?'));
    if (path == "/metrics") {
      const std::string info =
          "# HELP ashlar_build_info Which Ashlar it is.\n# TYPE ashlar_build_info gauge\nashlar_build_info{version=\"" +
          version + "\"} 1\n";
      return answer_with(*answer, kOk, "text/plain; version=0.0.4; charset=utf-8",
                         info + observation->metrics.prometheus());
    }
    if (path == "/status") return answer_with(*answer, kOk, "text/html; charset=utf-8", kPage);
    if (path == "/status.json") return answer_with(*answer, kOk, "application/json", observation->metrics.json());
    if (path == "/") return answer_with(*answer, kSeeOther, kText, "see /status\n", {{"location", "/status"}});
    answer_with(*answer, kNotFound, kText, "there are /status and /metrics\n");
  };
}

}  // namespace ashlar::serve
