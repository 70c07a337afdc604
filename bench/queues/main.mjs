import { pinLoad } from "../cluster/world.mjs";
import { table } from "../table.mjs";
import { bars, rows } from "./rows.mjs";
import { kinds } from "./world.mjs";

pinLoad();
await table({ rows, kinds: Object.keys(kinds), bars });
