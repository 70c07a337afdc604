import { useEffect, useState } from "react";
import { Login } from "./Login.jsx";
import { Overview } from "./Overview.jsx";
import { User } from "./User.jsx";
import { Users } from "./Users.jsx";
import { logOut, mayBeLoggedIn, whenLoggedOut } from "./server.js";
import { hrefOf, usePlace } from "./usePlace.js";
import { usePolled } from "./usePolled.js";

const OVERVIEW_MS = 2000;

/** What becomes of a login when an answer says that it counts no more. */
const AFTER = { in: "ended", ended: "ended", leaving: "out", out: "out" };

export function App() {
  const [login, setLogin] = useState(mayBeLoggedIn() ? "in" : "out");
  useEffect(() => whenLoggedOut(() => setLogin((before) => AFTER[before])), []);

  const leave = () => {
    setLogin("leaving");
    logOut().catch(() => setLogin("in"));
  };
  if (login === "in" || login === "leaving") return <Desk leave={leave} />;
  return <Login ended={login === "ended"} entered={() => setLogin("in")} />;
}

function Desk({ leave }) {
  const place = usePlace();
  const overview = usePolled("data/overview", OVERVIEW_MS);
  return (
    <>
      <a className="skip" href="#content" onClick={goToContent}>
        Skip to the content
      </a>
      <Header place={place} leave={leave} node={overview.data?.node} />
      <main id="content" tabIndex={-1}>
        <Problem sentence={overview.problem} />
        {place.view === "overview" && <Overview overview={overview.data} problem={overview.problem} />}
        {place.view === "users" && <Users />}
        {place.view === "user" && <User key={place.id} id={place.id} own={overview.data?.node} />}
      </main>
      <Footer overview={overview.data} />
    </>
  );
}

// The address has the view behind its "#": a link there alone would leave it.
function goToContent(event) {
  event.preventDefault();
  document.getElementById("content").focus();
}

function Header({ place, leave, node }) {
  const current = (isIt) => (isIt ? "page" : undefined);
  return (
    <header>
      <p className="brand">
        <img src="./assets/admin.svg" alt="" width="28" height="28" /> Signalbox <span>{node ? <>node <bdi>{node}</bdi></> : "admin"}</span>
      </p>
      <nav aria-label="Views">
        <a href={hrefOf.overview} aria-current={current(place.view === "overview")}>
          Overview
        </a>
        <a href={hrefOf.users} aria-current={current(place.view !== "overview")}>
          Users
        </a>
      </nav>
      <button className="quiet" onClick={leave}>
        Log out
      </button>
    </header>
  );
}

/** Always there, so that a screen reader hears of a sentence that comes into it. */
function Problem({ sentence }) {
  return (
    <div role="alert">
      {sentence && <p className="problem">{sentence} This page shows what was heard last, and tries again.</p>}
    </div>
  );
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function Footer({ overview }) {
  if (!overview) return <footer />;
  return (
    <footer>
      Signalbox {overview.version}
      {overview.node && (
        <>
          , node <bdi>{overview.node}</bdi>
        </>
      )}
      . Numbers are of this node; users online and nodes are of all. Times are those of your clock ({zone}).
    </footer>
  );
}
