import { useId, useState } from "react";
import { Card, Cut, Polled, Title } from "./parts.jsx";
import { hrefOf } from "./usePlace.js";
import { usePolled } from "./usePolled.js";
import { count, plural } from "./words.js";

const PAGE = 50;
const EVERY_MS = 5000;

export function Users() {
  return (
    <>
      <Title page="Users">Users</Title>
      <Card title="Look up a user">
        <LookUp />
      </Card>
      <Online />
    </>
  );
}

export function LookUp() {
  const [id, setId] = useState("");
  const field = useId();
  const submit = (event) => {
    event.preventDefault();
    window.location.hash = hrefOf.user(id.toWellFormed?.() ?? id);
  };
  return (
    <form className="row" role="search" aria-label="Look up a user" onSubmit={submit}>
      <label htmlFor={field}>User id</label>
      <input id={field} type="text" required autoComplete="off" autoCapitalize="off" spellCheck="false"
             value={id} onChange={(event) => setId(event.target.value)} />
      <button>Look up</button>
    </form>
  );
}

/** A page of those who are online, in the order of their ids. */
function Online() {
  const [after, setAfter] = useState(null);
  const behind = after === null ? "" : `&after=${encodeURIComponent(after)}`;
  const page = usePolled(`data/users?limit=${PAGE}${behind}`, EVERY_MS);
  const { data } = page;
  return (
    <Card title="Who is online" note={data && `${plural(data.count, "user")} on all nodes, sorted by id.`}>
      <Polled of={page}>{({ users }) => <People users={users} />}</Polled>
      <div className="row">
        <button className="quiet" disabled={after === null} onClick={() => setAfter(null)}>
          First page
        </button>
        <button className="quiet" disabled={!data || data.users.length < PAGE} onClick={() => setAfter(data.users.at(-1))}>
          Next {count(PAGE)}
        </button>
      </div>
    </Card>
  );
}

function People({ users }) {
  if (users.length === 0) return <p className="hint">Nobody.</p>;
  return (
    <ul className="people" aria-label="Users online">
      {users.map((id) => (
        <li key={id}>
          <a href={hrefOf.user(id)}>
            <Cut>{id}</Cut>
          </a>
        </li>
      ))}
    </ul>
  );
}
