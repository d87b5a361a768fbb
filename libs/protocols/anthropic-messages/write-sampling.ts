import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { ChatRequest } from '../chat/chat-request.js';
import { claudeVersion } from './claude-version.js';

/** Anthropic's range ends here, and here it begins by itself; OpenAI's and Google's end at 2. */
const MAX_TEMPERATURE = 1;
/** What top_p is without being told. */
const ALL = 1;
/** While it thinks, Claude takes no smaller top_p. */
const MIN_THINKING_TOP_P = 0.95;

/**
 * `temperature`, `top_p` and `top_k`. Since 4.7 Claude refuses them all, since 4.1 the first two together, and while it
 * thinks any temperature but 1, top_k, and a small top_p. A default is never a loss: it is what happens anyway.
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility,
 * https://platform.claude.com/docs/en/about-claude/models/migration-guide
 */
export function writeSampling({ model, settings }: ChatRequest, thinks: boolean, to: Target): JsonObject {
  const version = claudeVersion(model ?? to.model) ?? 0;
  const temperature = temperatureWithin(settings.temperature, to);
  const { topP, topK } = settings;
  if (version >= 407) {
    const reason = 'this model takes no settings of sampling';
    if (temperature !== undefined && temperature !== MAX_TEMPERATURE)
      to.losses.add(to.settingNames.temperature, reason);
    if (topP !== undefined && topP !== ALL) to.losses.add(to.settingNames.topP, reason);
    if (topK !== undefined) to.losses.add(to.settingNames.topK, reason);
    return {};
  }
  const sampling = thinks ? whileThinking({ temperature, topP, topK }, to) : { temperature, topP, topK };
  return written(version >= 401 ? oneOfBoth(sampling, to) : sampling);
}

function oneOfBoth({ temperature, topP, topK }: Sampling, to: Target): Sampling {
  if (temperature === undefined || topP === undefined) return { temperature, topP, topK };
  if (temperature === MAX_TEMPERATURE) return { topP, topK };
  if (topP !== ALL) to.losses.add(to.settingNames.topP, 'this model does not take it beside a temperature');
  return { temperature, topK };
}

interface Sampling {
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
}

function whileThinking({ temperature, topP, topK }: Sampling, to: Target): Sampling {
  const isTemperature = temperature === undefined || temperature === MAX_TEMPERATURE;
  const isTopP = topP === undefined || topP >= MIN_THINKING_TOP_P;
  if (!isTemperature) to.losses.add(to.settingNames.temperature, 'while it thinks its temperature is 1');
  if (!isTopP) to.losses.add(to.settingNames.topP, `while it thinks it takes none below ${MIN_THINKING_TOP_P}`);
  if (topK !== undefined) to.losses.add(to.settingNames.topK, 'it does not take it while it thinks');
  return { ...(isTemperature && { temperature }), ...(isTopP && { topP }) };
}

function written({ temperature, topP, topK }: Sampling): JsonObject {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
  };
}

function temperatureWithin(temperature: number | undefined, to: Target): number | undefined {
  if (temperature === undefined || temperature <= MAX_TEMPERATURE) return temperature;
  to.losses.add(to.settingNames.temperature, `its temperatures end at ${MAX_TEMPERATURE}, which stands for this one`);
  return MAX_TEMPERATURE;
}
