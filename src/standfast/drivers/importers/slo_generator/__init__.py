"""slo-generator: its objectives, and the error budget policies of its shared configuration."""
