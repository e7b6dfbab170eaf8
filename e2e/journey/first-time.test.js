import { firstTime } from '../lib/first-time.js';

firstTime(import.meta.url, true);
