import { tests } from "./bullmq.mjs";

await tests(6);
