#!/usr/bin/env node
import { processTerminal } from './cli/processTerminal.ts';
import { run } from './cli/run.ts';

process.exitCode = await run(process.argv.slice(2), processTerminal());
