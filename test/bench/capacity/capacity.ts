import { defaultQuota, type Estimate, estimate, habits, quotaFor, sizes } from './plans.ts';
import { capacityChart, capacityTable } from './report.ts';

/** What one size was found to need. */
export interface Finding {
  /** With as much budget as anybody wants. */
  readonly free: Estimate;
  /** The same with tokens that live for an hour. */
  readonly longer: Estimate;
  /** With AWS's default quota. */
  readonly byDefault: Estimate;
  /** With the quota that is recommended. */
  readonly recommended: Estimate;
}

/** Simulates the peak hour for every size; takes about a minute. */
export async function simulateCapacity(tell: (text: string) => void): Promise<readonly Finding[]> {
  const unlimited = 1_000_000;
  const findings: Finding[] = [];
  for (const size of sizes) {
    tell(`capacity: ${size.users.toLocaleString('en')} users\n`);
    const free = await estimate({ ...size, tokenDuration: 900, quota: unlimited });
    findings.push({
      free,
      longer: await estimate({ ...size, tokenDuration: 3600, quota: unlimited }),
      byDefault: await estimate({ ...size, tokenDuration: 900, quota: defaultQuota }),
      recommended: await estimate({ ...size, tokenDuration: 900, quota: quotaFor(free.callsPerSecond) }),
    });
  }
  return findings;
}

export interface CapacityReport {
  readonly text: string;
  readonly svg: string;
  readonly findings: readonly Finding[];
}

export async function reportCapacity(tell: (text: string) => void): Promise<CapacityReport> {
  const findings = await simulateCapacity(tell);
  return { text: capacityTable(findings, habits), svg: capacityChart(findings), findings };
}
