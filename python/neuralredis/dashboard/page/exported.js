// The network of a report: report.py replaces this module, unless the network cannot be exported.
export const network = null;
