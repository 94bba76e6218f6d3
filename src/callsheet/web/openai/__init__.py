"""OpenAI's own API over callsheet's models: its clients work with nothing changed but the address.

Official clients repeat a request when its answer is lost; `controls.claiming` says which repeat is
the same wish, so that it never buys twice.
"""
