"""What an agent may do, and how a model is told of it; the chat is one caller of it."""
